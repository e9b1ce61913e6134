"""Unmodified clients: kubectl, and the Python client of Kubernetes."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes
from kubernetes import watch as kubernetes_watch

GROUP = "image.openshift.io"
MANIFEST = """\
kind: ImageStream
apiVersion: image.openshift.io/v1
metadata:
  name: python
spec:
  lookupPolicy:
    local: true
"""


class Kubectl:
    """Runs kubectl against a port."""

    def __init__(self, directory: Path, port: int) -> None:
        self.config = directory / "kubeconfig"
        self.manifest = directory / "manifest.yaml"
        self.manifest.write_text(MANIFEST)
        self.config.write_text(
            json.dumps(
                {
                    "kind": "Config",
                    "apiVersion": "v1",
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                    "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "ns"}}],
                    "current-context": "c",
                }
            )
        )

    async def __call__(self, *arguments: str, **environment: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl",
            f"--kubeconfig={self.config}",
            *arguments,
            env={**os.environ, "HOME": str(self.config.parent), **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, printed.decode()
        return printed.decode()


async def test_kubectl_applies_both_ways_and_changes(open_app: Any, serve: Any, tmp_path: Path) -> None:
    async with serve(open_app) as port:
        kubectl = Kubectl(tmp_path, port)
        manifest = str(kubectl.manifest)

        assert await kubectl("apply", "-f", manifest) == f"imagestream.{GROUP}/python created\n"
        assert await kubectl("apply", "-f", manifest) == f"imagestream.{GROUP}/python unchanged\n"
        assert "serverside-applied" in await kubectl("apply", "--server-side", "--force-conflicts", "-f", manifest)
        assert await kubectl("diff", "-f", manifest) == ""
        assert await kubectl("label", "is/python", "a=b") == f"imagestream.{GROUP}/python labeled\n"
        edited = await kubectl("edit", "is/python", EDITOR="sed -i s/a:.b/a:\\ c/")
        assert edited == f"imagestream.{GROUP}/python edited\n"
        assert await kubectl("get", "is", "-l", "a in (c)", "-o", "name") == f"imagestream.{GROUP}/python\n"
        assert await kubectl("delete", "is", "--all") == f'imagestream.{GROUP} "python" deleted\n'


async def test_kubectl_finds_its_way(open_app: Any, serve: Any, tmp_path: Path) -> None:
    async with serve(open_app) as port:
        kubectl = Kubectl(tmp_path, port)

        assert "imagestreams          is" in await kubectl("api-resources")
        assert "local\t<boolean>" in await kubectl("explain", "is.spec.lookupPolicy")
        assert "Server Version: v1.32.4" in await kubectl("version")


async def test_kubectl_sends_namespaces_in_protobuf(open_app: Any, serve: Any, tmp_path: Path) -> None:
    async with serve(open_app) as port:
        kubectl = Kubectl(tmp_path, port)

        assert await kubectl("create", "namespace", "here") == "namespace/here created\n"
        assert await kubectl("get", "namespaces", "-o", "name") == "namespace/here\n"
        assert await kubectl("delete", "namespace", "here") == 'namespace "here" deleted\n'


async def test_the_python_client(app: Any, serve: Any) -> None:
    def work(port: int) -> list[tuple[str, str]]:
        configuration = kubernetes.Configuration(
            host=f"http://127.0.0.1:{port}", api_key={"authorization": "Bearer admin-token"}
        )
        api = kubernetes.CustomObjectsApi(kubernetes.ApiClient(configuration))
        of = (GROUP, "v1", "ns", "imagestreams")
        body = {"kind": "ImageStream", "apiVersion": f"{GROUP}/v1", "metadata": {"name": "a"}}

        made = api.create_namespaced_custom_object(*of, body)
        api.patch_namespaced_custom_object(*of, "a", {"metadata": {"labels": {"l": "1"}}})
        api.delete_namespaced_custom_object(*of, "a")
        with pytest.raises(kubernetes.ApiException) as failure:
            api.get_namespaced_custom_object(*of, "a")
        assert failure.value.status == 404
        events = kubernetes_watch.Watch().stream(
            api.list_namespaced_custom_object,
            *of,
            resource_version=made["metadata"]["resourceVersion"],
            timeout_seconds=1,
        )
        return [(event["type"], event["object"]["metadata"]["name"]) for event in events]

    async with serve(app) as port:
        assert await asyncio.to_thread(work, port) == [("MODIFIED", "a"), ("DELETED", "a")]
