"""Nobody gets the server's own logins, unless a rule names the namespace, and the registry where it names any."""

from imagestreams.registries.credentials import Keyring
from imagestreams.registries.keychains.aws import Aws
from imagestreams.registries.keychains.gcp import Gcp
from imagestreams.registries.keychains.keychain import Keychain
from imagestreams.registries.keychains.lending import Keychains, LendingRule

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def offered(rules: list[LendingRule], namespace: str, registry: str, repository: str = "team/app") -> list[str]:
    keychains = Keychains([Keychain(Aws(), lambda: 0), Keychain(Gcp(), lambda: 0)], rules)
    keyring = Keyring.from_secrets([], keychains.lender(namespace))
    return [loan.name for loan in keyring.loans(registry, repository)]


def test_without_a_rule_nothing_is_lent() -> None:
    assert offered([], "prod", ECR) == []
    assert Keyring().loans(ECR, "team/app") == ()


def test_a_rule_names_namespaces() -> None:
    rules = [LendingRule("aws", ("prod", "team-*"))]

    assert offered(rules, "prod", ECR) == ["aws keychain"]
    assert offered(rules, "team-a", ECR) == ["aws keychain"]
    assert offered(rules, "production", ECR) == []
    assert offered(rules, "default", ECR) == []


def test_a_login_goes_to_its_cloud_only() -> None:
    rules = [LendingRule("aws", ("*",)), LendingRule("gcp", ("*",))]

    assert offered(rules, "prod", "gcr.io") == ["gcp keychain"]
    assert offered(rules, "prod", "quay.io") == []
    assert offered(rules, "prod", "docker.io", "library/python") == []


def test_a_rule_may_name_registries_or_parts_of_them() -> None:
    rules = [LendingRule("aws", ("a",), (f"{ECR}/team",)), LendingRule("aws", ("b",), ("*.us-east-1.amazonaws.com",))]

    assert offered(rules, "a", ECR) == ["aws keychain"]
    assert offered(rules, "a", ECR, "teams/app") == []
    assert offered(rules, "b", ECR, "teams/app") == ["aws keychain"]
    assert offered(rules, "b", ECR.replace("us-east-1", "us-west-1")) == []


def test_two_rules_for_the_same_offer_one_login() -> None:
    assert len(offered([LendingRule("aws", ("*",)), LendingRule("aws", ("prod",))], "prod", ECR)) == 1


def test_spellings_of_a_host_are_the_same_and_other_ports_are_not() -> None:
    rules = [LendingRule("aws", ("*",))]

    assert offered(rules, "prod", ECR.upper()) == offered(rules, "prod", f"{ECR}:443") == ["aws keychain"]
    assert offered(rules, "prod", f"{ECR}:80") == offered(rules, "prod", f"{ECR}:8443") == []
