#!/bin/sh
# A sweep over several processes, or machines, with GNU parallel.
#
#   parallel.sh SCENARIO.toml POINTS SHARDS
#
# Killed? Run it again: finished shards are skipped, broken ones go on from their checkpoints.
set -eu
scenario=$1 points=$2 shards=$3
export scenario points shards

# One thread a process; with `--sshloginfile HOSTS` the shards go to other machines that see the same folder.
export RAYON_NUM_THREADS=1
seq "$shards" | parallel --env scenario --env points --env shards --env RAYON_NUM_THREADS --halt now,fail=1 '
    test -e shard-{}.json || gigawatt sweep "$scenario" --points "$points" --quiet \
        --shard {}/"$shards" --output shard-{}.json --checkpoint shard-{}.checkpoint'

gigawatt sweep merge shard-*.json --output points.parquet
