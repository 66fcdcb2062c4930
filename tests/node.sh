#!/bin/sh
# node.sh TEST.mjs: runs a test of node:test, where there is a node and `npm ci` has been run in the folder of the tests.
set -eu
packages=$(dirname "$0")/node_modules
if ! command -v node >/dev/null 2>&1; then
  echo "1..0 # SKIP there is no node"
elif [ ! -d "$packages/jose" ] || [ ! -d "$packages/playwright-core" ]; then
  echo "1..0 # SKIP its packages are not there: run npm ci in tests/"
else
  case $1 in
  */browser/*)
    if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
      echo "1..0 # SKIP there is no Chromium"
      exit
    fi
    ;;
  esac
  exec node --test-reporter=tap "$1"
fi
