"""What `apply` makes of a manifest, the last one, and what is there."""

from typing import Any

from imagestreams.cli.objects.merge_patch import merge_diff, three_way, touches_keyed_list

Object = dict[str, Any]


def deployment(*containers: Object, **spec: Any) -> Object:
    pod = {"containers": list(containers), **spec.pop("pod", {})}
    return {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": pod}, **spec}}


def changed(original: Object, modified: Object, current: Object) -> Object:
    return merge_diff(current, three_way(original, modified, current))


def containers_of(value: Object) -> list[Object]:
    containers: list[Object] = value["spec"]["template"]["spec"]["containers"]
    return containers


def test_a_manifest_that_is_there_with_its_defaults_changes_nothing() -> None:
    manifest = deployment({"name": "c", "image": "app:1", "ports": [{"containerPort": 80}]})
    current = deployment(
        {"name": "c", "image": "app:1", "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {}},
        replicas=1,
    )

    assert changed(manifest, manifest, current) == {}


def test_containers_are_known_by_their_names_and_those_of_others_stay() -> None:
    original = deployment({"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"})
    modified = deployment({"name": "a", "image": "a:2"})
    current = deployment(
        {"name": "a", "image": "a:1", "resources": {}},
        {"name": "b", "image": "b:1"},
        {"name": "injected", "image": "proxy:1"},
    )

    merged = three_way(original, modified, current)

    assert containers_of(merged) == [
        {"name": "a", "image": "a:2", "resources": {}},
        {"name": "injected", "image": "proxy:1"},
    ]


def test_lists_in_containers_are_merged_too() -> None:
    original = deployment({"name": "c", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]})
    modified = deployment({"name": "c", "env": [{"name": "A", "value": "2"}]})
    current = deployment(
        {
            "name": "c",
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}, {"name": "OTHERS", "value": "x"}],
        }
    )

    merged = three_way(original, modified, current)

    assert containers_of(merged)[0]["env"] == [{"name": "A", "value": "2"}, {"name": "OTHERS", "value": "x"}]


def test_another_strategy_leaves_no_field_of_the_old_one() -> None:
    current = deployment(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}})

    same = changed({}, deployment(strategy={"type": "RollingUpdate"}), current)
    other = changed({}, deployment(strategy={"type": "Recreate"}), current)

    assert same == {}
    assert other["spec"]["strategy"] == {"type": "Recreate", "rollingUpdate": None}


def test_another_kind_of_volume_takes_the_place_of_the_old_one() -> None:
    current = deployment(pod={"volumes": [{"name": "v", "emptyDir": {}}]})

    merged = three_way({}, deployment(pod={"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}), current)

    assert merged["spec"]["template"]["spec"]["volumes"] == [{"name": "v", "secret": {"secretName": "s"}}]


def test_a_list_that_goes_to_the_server_as_a_whole_must_be_the_one_that_was_read() -> None:
    assert touches_keyed_list({"spec": {"template": {"spec": {"containers": []}}}}, "Deployment")
    assert not touches_keyed_list({"spec": {"template": {"spec": {"hostname": "a"}}}}, "Deployment")
    assert not touches_keyed_list({"spec": {"replicas": 2}}, "Deployment")
