#!/bin/sh
# A sweep over several processes, or machines, with GNU parallel.
#
#   parallel.sh SCENARIO.toml POINTS SHARDS
#
# Files are named by scenario, points and number of shards. Killed? Run it again: finished shards are skipped, broken
# ones go on from their checkpoints.
set -eu
scenario=$1 points=$2 shards=$3
name=sweep-$(printf '%s %s ' "$points" "$shards" | cat - "$scenario" | cksum | cut -d ' ' -f 1)
export scenario points shards name

# One thread a process; with `--sshloginfile HOSTS` the shards go to other machines that see the same folder.
export RAYON_NUM_THREADS=1
seq "$shards" | parallel --env scenario --env points --env shards --env name --env RAYON_NUM_THREADS --halt now,fail=1 '
    test -e "$name"-{}.json || gigawatt sweep "$scenario" --points "$points" --quiet \
        --shard {}/"$shards" --output "$name"-{}.json --checkpoint "$name"-{}.checkpoint'

gigawatt sweep merge "$name"-*.json --output "$name".parquet
