"""The parts that descriptions of builds and of build configs share, as `oc` prints them."""

import posixpath
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import parse_time, relative_time
from imagestreams.api.durations import go_duration
from imagestreams.cli.describers import metadata
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.texts.tab_stops import TabbedText

Object = Mapping[str, Any]

_COMMIT_SHOWN: Final = 7
_SECOND_NS: Final = 1_000_000_000
_STRATEGIES: Final = (
    ("dockerStrategy", "Docker"),
    ("customStrategy", "Custom"),
    ("sourceStrategy", "Source"),
    ("jenkinsPipelineStrategy", "JenkinsPipeline"),
)


def write_metadata(text: TabbedText, meta: Object, now: datetime) -> None:
    """Write what descriptions of OpenShift's kinds begin with."""
    text.line("Name", meta.get("name", ""))
    if meta.get("namespace"):
        text.line("Namespace", meta["namespace"])
    if parse_time(meta.get("creationTimestamp")) is not None:
        text.line("Created", f"{relative_time(meta['creationTimestamp'], now)} ago")
    metadata.pairs(text, "Labels", meta.get("labels"))
    metadata.description_and_annotations(text, meta)


def write_common_spec(text: TabbedText, spec: Object) -> None:
    """Write what is built, how, and where the image goes."""
    source, strategy, output = spec.get("source") or {}, spec.get("strategy") or {}, spec.get("output") or {}
    field, kind = next(((field, kind) for field, kind in _STRATEGIES if strategy.get(field) is not None), ("", ""))
    text.line("\nStrategy", kind)
    has_source = _git(text, source, spec.get("revision"))
    if (dockerfile := source.get("dockerfile")) is not None:
        if dockerfile.strip():
            text.write("Dockerfile:\n" + "".join(f"  {line}\n" for line in dockerfile.split("\n")))
        else:
            text.line("Dockerfile", "")
    if field:
        _WRITERS[field](text, strategy[field])
    if to := output.get("to"):
        text.line("Output to", f"{to.get('kind', '')} {_place(to)}")
    if (binary := source.get("binary")) is not None:
        has_source = True
        name = binary.get("asFile")
        text.line("Binary", f"provided as file {quoted(name)} on build" if name else "provided on build")
    for label, items, of in (
        ("Build Secrets", source.get("secrets"), "secret"),
        ("Build ConfigMaps", source.get("configMaps"), "configMap"),
    ):
        if items:
            text.line(label, ",".join(f"{_name(one, of)}->{_clean(one.get('destinationDir'))}" for one in items))
    has_source = _images(text, source.get("images") or []) or has_source
    if not has_source:
        text.line("Empty Source", "no input source provided")
    _post_commit(text, spec.get("postCommit") or {})
    if secret := output.get("pushSecret"):
        text.line("Push Secret", secret.get("name", ""))
    if (deadline := spec.get("completionDeadlineSeconds")) is not None:
        text.line("Fail Build After", go_duration(deadline * _SECOND_NS))


def write_commit(text: TabbedText, revision: Object | None) -> None:
    """Write which commit is built, and by whom it is."""
    git = (revision or {}).get("git")
    if not git:
        return
    text.line("Commit", f"{str(git.get('commit') or '')[:_COMMIT_SHOWN]} ({git.get('message') or ''})")
    author, committer = ((git.get(who) or {}).get("name") or "" for who in ("author", "committer"))
    if author and committer:
        text.line("Author/Committer", author if author == committer else f"{author} / {committer}")
    elif author:
        text.line("Author", author)
    elif committer:
        text.line("Committer", committer)


def _git(text: TabbedText, source: Object, revision: Object | None) -> bool:
    git = source.get("git")
    if git is None:
        return False
    text.line("URL", git.get("uri", ""))
    for label, value in (("Ref", git.get("ref")), ("ContextDir", source.get("contextDir"))):
        if value:
            text.line(label, value)
    if secret := source.get("sourceSecret"):
        text.line("Source Secret", secret.get("name", ""))
    write_commit(text, revision)
    return True


def _images(text: TabbedText, images: Sequence[Object]) -> bool:
    if len(images) == 1 and len(images[0].get("paths") or []) == 1:
        path, origin = images[0]["paths"][0], _place(images[0].get("from") or {})
        text.line("Image Source", f"copies {path.get('sourcePath')} from {origin} to {path.get('destinationDir')}")
        return True
    for image in images:
        text.line("Image Source", _place(image.get("from") or {}))
        for path in image.get("paths") or []:
            text.write(f"\t- {path.get('sourcePath')} -> {path.get('destinationDir')}\n")
        for name in image.get("as") or []:
            text.write(f"\t- as {name}\n")
    return bool(images)


def _docker(text: TabbedText, strategy: Object) -> None:
    _from_image(text, strategy, "From Image")
    if path := strategy.get("dockerfilePath"):
        text.line("Dockerfile Path", path)
    _pull_secret(text, strategy)
    for label, field in (("No Cache", "noCache"), ("Force Pull", "forcePull")):
        if strategy.get(field):
            text.line(label, "true")
    _volumes(text, strategy.get("volumes") or [])


def _source(text: TabbedText, strategy: Object) -> None:
    _from_image(text, strategy, "From Image")
    if scripts := strategy.get("scripts"):
        text.line("Scripts", scripts)
    _pull_secret(text, strategy)
    for label, field in (("Incremental Build", "incremental"), ("Force Pull", "forcePull")):
        if strategy.get(field):
            text.line(label, "yes")
    _volumes(text, strategy.get("volumes") or [])


def _custom(text: TabbedText, strategy: Object) -> None:
    _from_image(text, strategy, "Image Reference")
    for label, field in (("Expose Docker Socket", "exposeDockerSocket"), ("Force Pull", "forcePull")):
        if strategy.get(field):
            text.line(label, "yes")
    _pull_secret(text, strategy)
    for number, variable in enumerate(strategy.get("env") or []):
        text.line("" if number else "Environment", _variable(variable))


def _jenkins(text: TabbedText, strategy: Object) -> None:
    path, content = strategy.get("jenkinsfilePath"), strategy.get("jenkinsfile")
    if path:
        text.line("Jenkinsfile path", path)
    if content:
        text.write("Jenkinsfile contents:\n" + "".join(f"  {line}\n" for line in content.split("\n")))
    if not path and not content:
        text.line("Jenkinsfile", "from source repository root")


_WRITERS: Final = {
    "dockerStrategy": _docker,
    "sourceStrategy": _source,
    "customStrategy": _custom,
    "jenkinsPipelineStrategy": _jenkins,
}


def _from_image(text: TabbedText, strategy: Object, label: str) -> None:
    origin = strategy.get("from") or {}
    if origin.get("name"):
        text.line(label, f"{origin.get('kind', '')} {_place(origin)}")


def _pull_secret(text: TabbedText, strategy: Object) -> None:
    if secret := strategy.get("pullSecret"):
        text.line("Pull Secret Name", secret.get("name", ""))


def _volumes(text: TabbedText, volumes: Sequence[Object]) -> None:
    if not volumes:
        text.line("Volumes", "")
        return
    text.write("Volumes:\t \n\tName\tSource Type\tSource\tMounts\n")
    for volume in volumes:
        source = volume.get("source") or {}
        kind, name = source.get("type", ""), volume.get("name", "")
        match kind:
            case "Secret":
                origin = (source.get("secret") or {}).get("secretName", "")
            case "ConfigMap":
                origin = (source.get("configMap") or {}).get("name", "")
            case "CSI":
                origin = name
            case _:
                origin = f"<InvalidSourceType: {quoted(kind)}>"
        mounts = "\n\t\t\t\t".join(mount.get("destinationPath", "") for mount in volume.get("mounts") or [])
        text.write(f"\t{name}\t{kind}\t{origin}\t{mounts}\n")


def _post_commit(text: TabbedText, hook: Object) -> None:
    command, arguments, script = (list(hook.get("command") or []), list(hook.get("args") or []), hook.get("script"))
    if not command and not arguments and not script:
        return
    if script:
        command = ["/bin/sh", "-ic"]
        arguments = [script, command[0], *arguments] if arguments else [script]
    words = [*(command or ["<image-entrypoint>"]), *arguments]
    text.line("Post Commit Hook", f"[{', '.join(quoted(word) for word in words)}]")


def _place(reference: Object) -> str:
    namespace, name = reference.get("namespace"), reference.get("name", "")
    return f"{namespace}/{name}" if namespace else str(name)


def _name(item: Object, of: str) -> str:
    return str((item.get(of) or {}).get("name", ""))


def _clean(path: str | None) -> str:
    return posixpath.normpath(path) if path else "."


def _variable(variable: Object) -> str:
    reference = (variable.get("valueFrom") or {}).get("fieldRef")
    if reference is not None:
        return f"{variable.get('name')}=<{reference.get('fieldPath', '')}>"
    return f"{variable.get('name')}={variable.get('value', '')}"
