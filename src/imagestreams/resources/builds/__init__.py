"""Build configs, their builds, and what builds write while they run (`build.openshift.io/v1`).

A build config is a recipe, a build one run of it: `instantiate` makes builds of configs, `clone` of builds, and a
runner (not of this room) carries them out. What a build says is kept beside the store, in files (`build_logs`).
"""
