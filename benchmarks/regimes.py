"""Accuracy and seconds of training of the regimes, in alternating runs of `entr_fit`, one process each

    ENTR_DATA=folder-with-aerial python benchmarks/regimes.py [--regimes gradual fixed] [--seeds 3]

Writes one record a run to data/results/regimes/; runs whose record is there are not repeated. Run nothing else meanwhile.
`nbs/paper/01_first_look.ipynb` draws the records.
"""
import os, subprocess, sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

results = Path(__file__).resolve().parent.parent/'data/results/regimes'

def run(regime, seed, options):
    "One `entr_fit`, unless its record is there"
    record = results/f'aerial-{regime}-s{seed}.json'
    if record.exists(): return print(record.name, 'is there')
    with TemporaryDirectory(dir=results) as tmp:
        cmd = ['entr_fit', f"{os.environ['ENTR_DATA']}/aerial", '--sizes', regime, '--seed', str(seed), '--out', f'{tmp}/out', *options]
        print('$', *cmd, flush=True)
        subprocess.run(cmd, check=True)
        os.replace(f'{tmp}/out/run.json', record)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--regimes', nargs='+', default=['gradual', 'fixed', 'one_step', 'reduced'])
    p.add_argument('--seeds', type=int, default=3)
    args = p.parse_args()
    if 'ENTR_DATA' not in os.environ: sys.exit('Set ENTR_DATA to the folder that holds aerial/, the UC Merced images as class folders.')
    results.mkdir(parents=True, exist_ok=True)
    options = '--arch resnet18 --size 128 --epochs 6 --bs 32'.split()
    for seed in range(args.seeds):
        # every second seed backwards, so that no regime always runs on the warmer machine
        for regime in args.regimes[::-1 if seed%2 else 1]: run(regime, seed, options)

if __name__ == '__main__': main()
