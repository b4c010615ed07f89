#!/usr/bin/env bash
# Throws faults at runs on a standalone cluster of this machine and says what was lost: a table, all 0, or exit code 1.
#
#   job/src/test/hundred-kills.sh [FAULTS [MOLECULES [SEED [MINUTES]]]]     (100, 100000, 1, 60)
#
# Needs root, to mount the small disk that fills up and becomes read-only.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../.."
exec ./mvnw -q -B -ntp -pl job -am verify -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false \
  -Dit.test=HundredKillsIT -Dfailsafe.failIfNoSpecifiedTests=false -Dbitdgdm.kills="${1:-100}" \
  -Dbitdgdm.molecules="${2:-100000}" -Dbitdgdm.seed="${3:-1}" -Dbitdgdm.minutes="${4:-60}"
