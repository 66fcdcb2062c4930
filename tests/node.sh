#!/bin/sh
# node.sh TEST.mjs: runs a test of node:test, where there is a node and `npm ci` has been run in the folder of the tests.
set -eu
folder=$(dirname "$1")
if ! command -v node >/dev/null 2>&1; then
  echo "1..0 # SKIP there is no node"
elif [ ! -d "$folder/node_modules/jose" ]; then
  echo "1..0 # SKIP its packages are not there: run npm ci in tests/"
else
  exec node --test-reporter=tap "$1"
fi
