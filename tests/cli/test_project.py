"""Projects: which is current, which there are, making one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECTS = "/apis/project.openshift.io/v1/projects"
REQUESTS = "/apis/project.openshift.io/v1/projectrequests"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def _project(name: str, **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "annotations": {f"openshift.io/{key}": value for key, value in annotations.items()}}
    return {"kind": "Project", "apiVersion": "project.openshift.io/v1", "metadata": metadata}


@pytest.fixture
def projects(api: Any) -> Any:
    listed = [_project("web", **{"display-name": "The web"}), _project("default")]
    api.answers[("GET", PROJECTS)] = (200, {"kind": "ProjectList", "items": listed})
    api.answers[("POST", REVIEWS)] = (201, {"status": {"userInfo": {"username": "kim", "groups": ["staff"]}}})
    for one in listed:
        api.answers[("GET", f"{PROJECTS}/{one['metadata']['name']}")] = (200, one)
    return api


def _current(api: Any) -> str:
    config = yaml.safe_load(Path(api.kubeconfig).read_text())
    contexts = {one["name"]: one["context"] for one in config["contexts"]}
    namespace: str = contexts[config["current-context"]]["namespace"]
    return namespace


def test_the_current_project_is_shown(projects: Any) -> None:
    assert projects.run("project").stdout == (
        f'Using project "default" from context named "test" on server "{projects.url}".\n'
    )
    assert projects.run("project", "-q").stdout == "default\n"


def test_another_project_becomes_the_current_one(projects: Any) -> None:
    done = projects.run("project", "web")

    assert done.stdout == f'Now using project "web" on server "{projects.url}".\n'
    assert _current(projects) == "web"
    assert projects.run("project").stdout == f'Using project "web" on server "{projects.url}".\n'
    assert projects.run("project", "web").stdout == f'Already on project "web" on server "{projects.url}".\n'


def test_a_project_has_a_context_of_its_own_and_the_old_one_can_be_gone_back_to(projects: Any) -> None:
    server = projects.url.removeprefix("http://").replace(".", "-")

    projects.run("project", "web")
    named = projects.run("whoami", "--show-context").stdout
    back = projects.run("project", "test")
    again = projects.run("project", "web", "-q")

    assert named == f"web/{server}/kim\n"
    assert back.stdout == f'Now using project "default" from context named "test" on server "{projects.url}".\n'
    assert again.stdout == "web\n"
    config = yaml.safe_load(Path(projects.kubeconfig).read_text())
    assert [one["name"] for one in config["contexts"]] == ["test", f"web/{server}/kim"]
    assert config["users"][1] == {"name": f"kim/{server}", "user": config["users"][0]["user"]}


def test_the_flag_for_a_namespace_changes_nothing_about_the_current_project(projects: Any) -> None:
    assert projects.run("-n", "web", "project", "-q").stdout == "default\n"


def test_a_project_that_is_not_there_brings_those_that_are(projects: Any) -> None:
    done = projects.run("project", "nope")

    assert done.code == 1
    assert done.stderr == (
        f'error: A project named "nope" does not exist on "{projects.url}".\n'
        "Your projects are:\n* default\n* The web (web)\n"
    )
    assert _current(projects) == "default"


def test_projects_are_listed_with_the_current_one_marked(projects: Any) -> None:
    assert projects.run("projects").stdout == (
        "You have access to the following projects and can switch between them with 'isctl project <projectname>':\n\n"
        "  * default\n    web - The web\n\n"
        f'Using project "default" from context named "test" on server "{projects.url}".\n'
    )
    assert projects.run("projects", "-q").stdout == "default\nweb\n"


def test_a_new_project_becomes_the_current_one(projects: Any) -> None:
    projects.answers[("GET", REQUESTS)] = (200, {"kind": "Status", "status": "Success"})
    projects.answers[("POST", REQUESTS)] = (201, _project("fresh"))

    done = projects.run("new-project", "fresh", "--display-name=Fresh one", "--description=New")

    assert done.code == 0
    assert done.stdout.startswith(f'Now using project "fresh" on server "{projects.url}".\n\nYou can add image streams')
    assert projects.asked("POST")[0][2] == {
        "apiVersion": "project.openshift.io/v1",
        "kind": "ProjectRequest",
        "metadata": {"name": "fresh"},
        "displayName": "Fresh one",
        "description": "New",
    }
    assert _current(projects) == "fresh"


def test_a_project_that_exists_is_not_made_again(projects: Any) -> None:
    status = {
        "kind": "Status",
        "reason": "AlreadyExists",
        "message": 'project.project.openshift.io "web" already exists',
        "code": 409,
    }
    projects.answers[("POST", REQUESTS)] = (409, status)

    done = projects.run("new-project", "web")

    assert done.code == 1
    assert done.stderr == 'Error from server (AlreadyExists): project.project.openshift.io "web" already exists\n'
    assert _current(projects) == "default"


def test_who_is_logged_in_is_asked_of_the_server(projects: Any) -> None:
    review = {"status": {"userInfo": {"username": "system:admin", "groups": ["system:masters"]}}}
    projects.answers[("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")] = (201, review)

    assert projects.run("whoami").stdout == "system:admin\n"
    assert projects.run("whoami", "-t").stdout == "secret-token\n"
    assert projects.run("whoami", "-c").stdout == "test\n"
    assert projects.run("whoami", "--show-server").stdout == f"{projects.url}\n"
