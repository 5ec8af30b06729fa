#!/bin/sh
# Makes the namespace that surveys run in, if it is not there.
set -eu
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 7d
