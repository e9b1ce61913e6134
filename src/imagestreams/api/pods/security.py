"""What containers may do, and as whom they run."""

from imagestreams.api.wire import Wire, always


class Capabilities(Wire):
    """Linux capabilities that are added to the usual ones or taken from them."""

    add: list[str] | None = None
    drop: list[str] | None = None


class SELinuxOptions(Wire):
    """The SELinux label of a container."""

    user: str = ""
    role: str = ""
    type: str = ""
    level: str = ""


class WindowsSecurityContextOptions(Wire):
    """The settings that only Windows knows."""

    gmsa_credential_spec_name: str | None = None
    gmsa_credential_spec: str | None = None
    run_as_user_name: str | None = None
    host_process: bool | None = None


class SeccompProfile(Wire):
    """Which system calls are allowed."""

    type: str = always("")
    localhost_profile: str | None = None


class AppArmorProfile(Wire):
    """Which AppArmor profile is in force."""

    type: str = always("")
    localhost_profile: str | None = None


class SecurityContext(Wire):
    """What one container may do."""

    capabilities: Capabilities | None = None
    privileged: bool | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsSecurityContextOptions | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool | None = None
    allow_privilege_escalation: bool | None = None
    proc_mount: str | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None


class Sysctl(Wire):
    """A setting of the kernel."""

    name: str = always("")
    value: str = always("")


class PodSecurityContext(Wire):
    """What all containers of a pod may do, unless they say otherwise."""

    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsSecurityContextOptions | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    supplemental_groups: list[int] | None = None
    supplemental_groups_policy: str | None = None
    fs_group: int | None = None
    sysctls: list[Sysctl] | None = None
    fs_group_change_policy: str | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_change_policy: str | None = None
