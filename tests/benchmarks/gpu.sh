#!/usr/bin/env bash
# On a machine with one GPU: does the engine `fast` work there, is it right, and how fast is it?
#
#   bash tests/benchmarks/gpu.sh [EPOCHS]        # 100 unless told otherwise
#
# It needs Python 3.11 or later, pip, the package registries and a driver for CUDA, and nothing else.
# It installs into .gpu-venv, then runs tests/benchmarks/gpu.py. Not run on a GPU yet: no machine
# with one that reaches the registries was at hand.
set -euo pipefail
cd "$(dirname "$0")/../.."
began=$SECONDS
nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader || echo "no nvidia-smi"
python3 -m venv .gpu-venv
.gpu-venv/bin/pip install --quiet --disable-pip-version-check -e . 'tensorflow[and-cuda]'
echo "installed after $((SECONDS - began)) s"
.gpu-venv/bin/python tests/benchmarks/gpu.py --epochs "${1:-100}"
echo "all of it took $((SECONDS - began)) s"
