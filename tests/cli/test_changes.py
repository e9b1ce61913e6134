"""create, apply, delete, label, annotate and edit against a small server, and side by side with kubectl."""

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

FILES = {
    "one.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  labels: {x: '1'}\ndata:\n  a: \"1\"\n",
    "two.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\ndata: {a: '1'}\n---\n\n---\n"
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\ndata: {a: '1'}\n",
    "changed.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\ndata:\n  a: "2"\n  b: "3"\n',
    "list.json": json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "l1"}},
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "l2", "namespace": "else"}},
            ],
        }
    ),
    "bad.yaml": "a: [1\nb: 2\n",
    "nokind.yaml": "a: 1\n",
    "unknown.yaml": "apiVersion: foo/v1\nkind: Foo\nmetadata: {name: x}\n",
    "empty.yaml": "",
    "d/one.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n",
    "d/x.txt": "no manifest",
    "k.txt": "v\n",
    "cm.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\ndata:\n  a: "1"\n',
    "other.yaml": "apiVersion: foo/v1\nkind: Foo\nmetadata: {name: x}\nspec: {}\n",
    "patch.yaml": "data:\n  b: '2'\n",
}

# Each line is run by both on a fresh server; ";;" goes on with another command.
SAME_AS_KUBECTL = """
create --validate=false -f one.yaml
create --validate=false -f two.yaml
create --validate=false -f list.json
create --validate=false -f list.json -n default
create --validate=false -f bad.yaml
create --validate=false -f nokind.yaml
create -f nokind.yaml
create --validate=false -f unknown.yaml
create --validate=false -f empty.yaml
create --validate=false -f nope.yaml
create --validate=false -f d
create --validate=false -f one.yaml --dry-run=client
create --validate=false -f one.yaml --dry-run=server
create --validate=false -f one.yaml --dry-run=client -o yaml
create --validate=false -f one.yaml -o name
create --validate=false -f one.yaml --save-config
create --validate=false -f one.yaml --dry-run=foo
create
create foo
create secret foo x
create cm x --from-literal=a
create cm x --from-file=nope
create cm x --from-literal=a=1 --from-literal=a=2
create cm x --from-literal=a/b=1
create cm
create secret docker-registry r --docker-username=u
apply --validate=false -f one.yaml ;; apply --validate=false -f one.yaml
apply --validate=false -f one.yaml --dry-run=client
apply --validate=false -f one.yaml --dry-run=server
apply --validate=false -f changed.yaml --dry-run=client
apply --validate=false -f one.yaml -o name
apply --validate=false -f one.yaml --server-side
apply --validate=false -f one.yaml --server-side --dry-run=client
apply --validate=false -f one.yaml --force-conflicts
apply --validate=false -f empty.yaml
apply --validate=false -f unknown.yaml
apply --validate=false
delete is nope
delete is nope --ignore-not-found
delete is -l app=no
delete is
delete
delete is python -o name
delete is python -o json
delete is python --cascade=foo
delete is python --all
delete ns else
label is python a=b
label is python app=db
label is python app=db --overwrite
label is python app-
label is python nope-
label is python app=web
label is python a=b a-
label is python
label is
label is python a=b=c
label is python a=%
label is python ruby x=1
label is nope x=1
label is --all x=1
label is -l app=web x=1
label is python --list
label is python ruby --list
label is python x=1 --dry-run=client
label is python x=1 --dry-run=server
label is python x=1 -o yaml
label is python x=1 ruby
annotate is python a=b
annotate is python n=2
annotate is python n=2 --overwrite
annotate is python n- n=3
annotate is python "a=x=y z"
annotate is python =x
annotate is/python is/ruby a=b
patch cm cm -p '{"data":{"b":"2"}}'
patch cm/cm --type=merge -p '{"data":{"a":null,"b":"2"}}'
patch cm cm -p "data: {b: '2'}"
patch cm cm --type=json -p '[{"op":"replace","path":"/data/a","value":"2"}]'
patch cm cm --type merge -p '{"data":{"a":"1"}}'
patch cm cm --type=Merge --patch-file patch.yaml
patch cm cm nope -p '{"data":{"b":"2"}}'
patch cm cm --type=merge -p '{"data":{"b":"2"}}' -o yaml
patch cm cm --type=merge -p '{"data":{"b":"2"}}' -o name
patch cm cm -p '{"data":{"b":"2"}}' --dry-run=server
patch cm cm -p '{"data":{"b":"2"}}' --dry-run=client
patch cm cm -p '{"data":{"b":"2"}}' --dry-run=client -o yaml
patch is python --type=merge -p '{"spec":{"lookupPolicy":{"local":true}}}' --dry-run=client -o json
patch is python -p '{"spec":{}}'
patch -f cm.yaml -p '{"data":{"b":"2"}}'
patch -f cm.yaml -p '{"data":{"b":"2"}}' --local
patch -f cm.yaml -p '{"data":{"b":"2"}}' --local -o yaml
patch -f cm.yaml -p '{"data":{"a":null}}' --local --type=merge -o json
patch -f cm.yaml -p '{"data":{"a":"1"}}' --local
patch -f cm.yaml --type=json -p '[{"op":"remove","path":"/data/a"}]' --local -o yaml
patch -f cm.yaml --type=json -p '{"data":{}}' --local
patch -f other.yaml -p '{"spec":{}}' --local
patch -f cm.yaml --type=merge -p '[]' --local
patch -f cm.yaml --type=merge -p '{"kind":null}' --local
patch cm cm -p "[1"
patch cm cm -p "a: b: c"
patch cm cm
patch cm cm -p '{}' --patch-file x
patch cm cm --patch-file nowhere.yaml
patch cm cm -p '{}' --type=apply
patch cm cm -p '{}' --local
patch -f cm.yaml -p '{}' --local --dry-run=server
patch -p '{}'
patch cm -p '{}'
patch nope x -p '{}'
annotate is python a=b -o name
""".strip().splitlines()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with manifests."""
    for name, text in FILES.items():
        path = tmp_path / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def _fill(api: Any) -> None:
    api.objects.clear()
    api.requests.clear()
    api.revision = 100
    for name in ("default", "else"):
        api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    api.stream("python", labels={"app": "web"}, annotations={"n": "1"})
    api.stream("ruby")
    api.put(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "cm", "namespace": "default"},
            "data": {"a": "1"},
        }
    )


@pytest.fixture
def filled(api: Any, here: Path) -> Any:
    _fill(api)
    return api


@pytest.mark.parametrize("line", SAME_AS_KUBECTL)
def test_a_change_is_made_and_told_as_kubectl_does_it(filled: Any, line: str) -> None:
    results = []
    for tool in (filled.kubectl, filled.run):
        _fill(filled)
        outcomes = [tool(*shlex.split(part)) for part in line.split(";;")]
        told = [(one.code, one.stdout, one.stderr.replace("kubectl create", "isctl create")) for one in outcomes]
        results.append((told, filled.objects.copy()))

    theirs, ours = results
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


def test_a_deletion_names_the_namespace(filled: Any) -> None:
    done = filled.run("delete", "is/python", "cm/cm", "ns/else")

    assert done.code == 0
    assert done.stdout == (
        'imagestream.image.openshift.io "python" deleted from default namespace\n'
        'configmap "cm" deleted from default namespace\n'
        'namespace "else" deleted\n'
    )
    assert filled.asked("DELETE")[0][2] == {"propagationPolicy": "Background"}


def test_a_failed_deletion_does_not_stop_the_others(filled: Any) -> None:
    done = filled.run("delete", "is", "nope", "python")

    assert done.code == 1
    assert done.stdout == 'imagestream.image.openshift.io "python" deleted from default namespace\n'
    assert done.stderr == 'Error from server (NotFound): imagestreams.image.openshift.io "nope" not found\n'


def test_a_dry_deletion_deletes_nothing(filled: Any) -> None:
    on_client = filled.run("delete", "is", "python", "--dry-run=client")
    on_server = filled.run("delete", "is", "python", "--dry-run=server")

    assert on_client.stdout.endswith("deleted from default namespace (dry run)\n")
    assert on_server.stdout.endswith("deleted from default namespace (server dry run)\n")
    assert ("image.openshift.io", "imagestreams", "default", "python") in filled.objects


def test_a_deletion_waits_until_finalizers_are_done(filled: Any) -> None:
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreams/python"
    deleting = {"kind": "ImageStream", "metadata": {"name": "python", "uid": "u", "deletionTimestamp": "now"}}
    filled.answers[("DELETE", path)] = (200, deleting)
    filled.answers[("GET", path)] = (200, deleting)

    done = filled.run("delete", "is", "python", "--timeout=1ms")

    assert done.code == 1
    assert done.stderr == "error: timed out waiting for the condition on imagestreams/python\n"


def test_a_question_can_be_answered_with_no(filled: Any) -> None:
    done = filled.run("delete", "is", "python", "-i", stdin="n\n")

    assert "imagestream.image.openshift.io/python\n" in done.stdout
    assert done.stdout.endswith("deletion is cancelled\n")
    assert not filled.asked("DELETE")


def test_apply_keeps_what_others_set_and_removes_what_the_file_dropped(filled: Any, here: Path) -> None:
    (here / "stream.yaml").write_text(
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: new\n  labels: {a: '1', b: '2'}\n"
        "spec:\n  tags:\n  - name: mine\n    annotations: {x: '1'}\n  - name: old\n"
    )
    assert filled.run("apply", "-f", "stream.yaml").stdout == "imagestream.image.openshift.io/new created\n"
    stream = filled.objects[("image.openshift.io", "imagestreams", "default", "new")]
    stream["spec"]["tags"].append({"name": "theirs"})
    stream["spec"]["tags"][0]["generation"] = 1
    stream["metadata"]["labels"]["c"] = "3"
    (here / "stream.yaml").write_text(
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: new\n  labels: {a: '9'}\n"
        "spec:\n  tags:\n  - name: mine\n    annotations: {x: '2'}\n"
    )

    again = filled.run("apply", "-f", "stream.yaml")
    unchanged = filled.run("apply", "-f", "stream.yaml")

    changed = filled.objects[("image.openshift.io", "imagestreams", "default", "new")]
    assert again.stdout == "imagestream.image.openshift.io/new configured\n"
    assert unchanged.stdout == "imagestream.image.openshift.io/new unchanged\n"
    assert changed["metadata"]["labels"] == {"a": "9", "c": "3"}
    assert changed["spec"]["tags"] == [
        {"name": "mine", "annotations": {"x": "2"}, "generation": 1},
        {"name": "theirs"},
    ]
    assert filled.asked("PATCH")[0][2]["metadata"]["resourceVersion"] == stream["metadata"]["resourceVersion"]


def test_apply_warns_of_objects_that_it_did_not_make(filled: Any) -> None:
    done = filled.run("apply", "-f", "changed.yaml")

    assert done.stdout == "configmap/cm configured\n"
    assert done.stderr.startswith(
        "Warning: resource configmaps/cm is missing the kubectl.kubernetes.io/last-applied-configuration annotation"
        " which is required by isctl apply."
    )


def test_conflicts_of_server_side_apply_tell_the_ways_out(filled: Any) -> None:
    status = {"kind": "Status", "reason": "Conflict", "message": "Apply failed with 1 conflict", "code": 409}
    filled.answers[("PATCH", "/api/v1/namespaces/default/configmaps/one")] = (409, status)

    done = filled.run("apply", "-f", "one.yaml", "--server-side", "--field-manager=me")

    assert done.code == 1
    assert done.stderr.startswith("error: Apply failed with 1 conflict\nPlease review the fields above--they")
    assert filled.asked("PATCH")[0][1] == {"fieldManager": "me", "fieldValidation": "Strict", "force": "false"}


@pytest.mark.parametrize("flag", ["--prune", "--force"])
def test_what_apply_can_not_do_is_refused(filled: Any, flag: str) -> None:
    done = filled.run("apply", "-f", "one.yaml", flag)

    assert done.code == 1
    assert done.stderr.startswith(f"error: {flag} is not supported; ")
    assert not filled.asked("POST")


def test_kustomizations_are_refused(filled: Any) -> None:
    assert filled.run("apply", "-k", ".").stderr.startswith("error: kustomization directories (-k) are not supported")


def test_a_selector_narrows_files(filled: Any) -> None:
    assert filled.run("create", "-f", "one.yaml", "-f", "two.yaml", "-l", "x=1").stdout == "configmap/one created\n"


def test_secrets_come_from_files_and_never_show_in_errors(filled: Any) -> None:
    arguments = ("create", "secret", "generic", "s", "--from-file=.dockerconfigjson=k.txt")

    first = filled.run(*arguments, "--type=kubernetes.io/dockerconfigjson")
    second = filled.run(*arguments)
    broken = filled.run("create", "secret", "generic", "t", "--from-literal==very-secret")

    assert first.stdout == "secret/s created\n"
    assert second.stderr == 'error: failed to create secret secrets "s" already exists\n'
    assert "very-secret" not in broken.stderr
    secret = filled.objects[("", "secrets", "default", "s")]
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert base64.b64decode(secret["data"][".dockerconfigjson"]) == b"v\n"


def test_a_registry_login_is_a_docker_config(filled: Any) -> None:
    login = ("--docker-server=h", "--docker-username=u", "--docker-password=p", "--docker-email=e@x")

    filled.run("create", "secret", "docker-registry", "r", *login)

    data = filled.objects[("", "secrets", "default", "r")]["data"][".dockerconfigjson"]
    expected = {"auths": {"h": {"username": "u", "password": "p", "email": "e@x", "auth": "dTpw"}}}
    assert json.loads(base64.b64decode(data)) == expected


def test_streams_namespaces_and_config_maps_are_created_from_flags(filled: Any) -> None:
    stream = filled.run("create", "imagestream", "new", "--lookup-local")
    space = filled.run("create", "ns", "web")
    settings = filled.run("create", "configmap", "c", "--from-file=d", "--from-literal=a=b=c")

    assert stream.stdout == "imagestream.image.openshift.io/new created\n"
    assert space.stdout == "namespace/web created\n"
    assert settings.stdout == "configmap/c created\n"
    created = filled.objects[("image.openshift.io", "imagestreams", "default", "new")]
    assert created["spec"] == {"lookupPolicy": {"local": True}}
    assert filled.objects[("", "configmaps", "default", "c")]["data"] == {
        "a": "b=c",
        "one.yaml": FILES["d/one.yaml"],
        "x.txt": "no manifest",
    }


def test_standard_input_is_read(filled: Any) -> None:
    assert filled.run("create", "-f", "-", stdin=FILES["one.yaml"]).stdout == "configmap/one created\n"


def test_a_label_change_can_ask_for_a_version(filled: Any) -> None:
    filled.run("label", "is", "python", "x=1", "--resource-version=7")

    assert filled.asked("PATCH")[0][2] == {"metadata": {"labels": {"x": "1"}, "resourceVersion": "7"}}
    assert filled.run("label", "is", "python", "ruby", "x=1", "--resource-version=7").stderr == (
        "error: --resource-version may only be used with a single resource\n"
    )


def _editor(here: Path, script: str) -> dict[str, str]:
    path = here / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"KUBE_EDITOR": str(path), "TMPDIR": str(here)}


def test_an_edit_sends_what_was_changed(filled: Any, here: Path) -> None:
    done = filled.run("edit", "is/python", env=_editor(here, 'sed -i s/app:/tier:/ "$1"'))

    assert (done.code, done.stdout) == (0, "imagestream.image.openshift.io/python edited\n")
    assert filled.asked("PATCH")[0][2] == {"metadata": {"labels": {"app": None, "tier": "web"}}}


@pytest.mark.parametrize(
    ("script", "said"),
    [("true", "Edit cancelled, no changes made."), (': > "$1"', "Edit cancelled, saved file was empty.")],
)
def test_an_edit_can_be_given_up(filled: Any, here: Path, script: str, said: str) -> None:
    done = filled.run("edit", "is/python", env=_editor(here, script))

    assert (done.code, done.stderr) == (0, f"{said}\n")
    assert not filled.asked("PATCH")


def test_what_the_server_refuses_comes_back_with_the_reasons(filled: Any, here: Path) -> None:
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreams/python"
    status = {"kind": "Status", "reason": "Invalid", "message": "no", "code": 422,
              "details": {"causes": [{"field": "spec.tags", "message": "Required value"}]}}  # fmt: skip
    filled.answers[("PATCH", path)] = (422, status)
    script = 'grep -q "spec.tags: Required value" "$1" && touch seen || sed -i s/app:/tier:/ "$1"'

    done = filled.run("edit", "is/python", env=_editor(here, script))

    assert (here / "seen").exists()
    assert done.code == 1
    assert done.stderr.endswith("error: Edit cancelled, no valid changes were saved.\n")
    assert "A copy of your changes has been stored to" in done.stderr


def test_an_editor_that_fails_is_named(filled: Any, here: Path) -> None:
    done = filled.run("edit", "is/python", env={"KUBE_EDITOR": "false", "TMPDIR": str(here)})

    assert done.code == 1
    assert 'there was a problem with the editor "false"' in done.stderr
