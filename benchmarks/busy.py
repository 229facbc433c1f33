"""What a fit takes beside other work: with the threads that torch takes by itself, and with those that find a free core

    python benchmarks/busy.py [--again]

A ResNet-18 from random weights, drawn pictures at 96 px, all threads that torch takes; alone, and beside one process
that keeps a core busy. The four kinds take turns; the record, data/results/busy/cpu.json, has the seconds of each fit.
Run nothing else meanwhile, and set no OMP_NUM_THREADS. `nbs/05_guard.ipynb` shows it.
"""
import json, os, subprocess, sys, warnings
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from unittest.mock import patch as mocked
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.record import environment

file = Path(__file__).resolve().parent.parent/'data/results/busy/cpu.json'

@contextmanager
def busy(processes):
    "So many processes that keep a core busy each"
    others = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(processes)]
    try: yield
    finally:
        for o in others: o.kill()

def seconds(dls, shared):
    "Of a fit that leaves cores to other work, or does not"
    learn = entr_learner(dls, resnet18, pretrained=False)
    taken = {} if shared else dict(OMP_NUM_THREADS=str(torch.get_num_threads()))
    with learn.no_bar(), learn.no_logging(), mocked.dict(os.environ, taken):
        began = perf_counter()
        learn.progressive_fit(4, 'fixed')
        return perf_counter()-began

def main():
    if file.exists() and '--again' not in sys.argv: return print(file.name, 'is there')
    if 'OMP_NUM_THREADS' in os.environ: return print('OMP_NUM_THREADS is set: unset it.')
    warnings.filterwarnings('ignore')
    dls = image_dls(samples('steel'), 96, bs=32)
    kinds = [(others, shared) for others in (0, 1) for shared in (True, False)]
    seconds(dls, True) # warms up
    rows = []
    for i in range(5):
        for others,shared in kinds[::-1 if i%2 else 1]:
            with busy(others): rows.append(dict(round=i, others=others, shared=shared, seconds=seconds(dls, shared)))
            print(rows[-1], flush=True)
    write_whole(file, json.dumps(dict(environment(), fits=rows), indent=1)+'\n')

if __name__ == '__main__': main()
