#!/bin/sh
# A sweep as a Slurm array: one shard a task, as many threads as the task has processors.
#
#   id=$(sbatch --parsable --array=1-64 slurm.sh SCENARIO.toml 1e10 64)
#   sbatch --dependency=afterok:"$id" --wrap 'gigawatt sweep merge shard-*.json --output points.parquet'
#
# Shards that are missing: --array=3,7 with the same arguments.
#
#SBATCH --job-name=gigawatt
#SBATCH --cpus-per-task=16
#SBATCH --mem=2G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu
scenario=$1 points=$2 shards=$3 task=$SLURM_ARRAY_TASK_ID
export RAYON_NUM_THREADS="$SLURM_CPUS_PER_TASK"

# SIGTERM before a preemption makes it write its checkpoint and stop; a requeued task goes on from there.
exec gigawatt sweep "$scenario" --points "$points" --quiet \
    --shard "$task/$shards" --output "shard-$task.json" --checkpoint "shard-$task.checkpoint"
