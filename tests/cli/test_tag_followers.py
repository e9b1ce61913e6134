from imagestreams.cli.describers.followers import SHOWN_MAX, TagFollower, followers_section


def test_nobody_is_no_section() -> None:
    assert followers_section([], "shop", with_tags=True) == ""


def test_followers_stand_below_each_other_with_what_they_follow() -> None:
    followers = [
        TagFollower("stable", "shop", "deployments/web", ("web", "init")),
        TagFollower("stable", "other", "buildconfigs/app", (), False),
        TagFollower("3.12", "shop", "cronjobs/nightly", ("job",)),
    ]

    assert followers_section(followers, "shop", with_tags=True) == (
        "\n"
        "Followers:\n"
        "  Tag     Object                  Containers  Automatic\n"
        "  ---     ------                  ----------  ---------\n"
        "  3.12    cronjobs/nightly        job         true\n"
        "  stable  other/buildconfigs/app  <none>      false\n"
        "  stable  deployments/web         web,init    true\n"
    )
    assert "stable" not in followers_section(followers, "shop", with_tags=False)


def test_a_multitude_is_cut_short() -> None:
    followers = [TagFollower("stable", "shop", f"deployments/app-{number:04d}") for number in range(1000)]

    lines = followers_section(followers, "shop", with_tags=True).splitlines()

    assert len(lines) == SHOWN_MAX + 5
    assert lines[-1] == f"  ... and {1000 - SHOWN_MAX} more"
