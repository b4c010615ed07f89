#!/usr/bin/env bash
# Writes the archive of classes that submit.sh lets local runs start from: write.sh ARCHIVE
#
# A small run loads what every run loads; the JVM writes it down at its end. Without an archive runs start more slowly and do
# the same, so that what keeps this one from running ends no build: it says so.
set -euo pipefail

archive=$1
home=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../../.." && pwd -P)
work=$(mktemp -d "$archive.XXXXXX")
trap 'rm -rf "$work"' EXIT

rm -f "$archive" "$archive.bytes"
if env -u SPARK_HOME -u SPARK_CONF_DIR -u HADOOP_CONF_DIR -u YARN_CONF_DIR -u JDK_JAVA_OPTIONS BITDGDM_CACHE="$work/cache" \
  BITDGDM_WRITE_ARCHIVE="$work/archive" "$home/submit.sh" generate --model "$home/conf/models/qm9" --count 16 --steps 2 \
  --method rtn --override 'tf_layers.0.self_attn.e_add:method=bit-dgdm' --calibration-graphs 8 --calibration-steps 2 \
  --out "$work/run" --spark --master 'local[2]' > "$work/log" 2>&1 && [ -s "$work/archive" ]; then
  mv -f "$work/archive" "$archive"
  # Last: an archive without its length is left alone.
  wc -c < "$archive" > "$archive.bytes"
else
  echo "no archive of classes, so that runs start more slowly: $(grep -v '^WARNING' "$work/log" | tail -n 1)"
fi
