"""What a fit takes beside other work: with the threads that torch takes by itself, and with those that find a free core

    python benchmarks/busy.py [--again]

A ResNet-18 trained as `entr_fit` does, drawn pictures, four epochs up to 96 px; alone, with one thread, and beside a
process that keeps a core busy. The kinds take turns; the record, data/results/busy/<processor>.json, has the seconds of
each fit. Run nothing else meanwhile, and set no OMP_NUM_THREADS. `nbs/promises/05_fits.ipynb` shows it.
"""
import json, os, re, subprocess, sys, warnings
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from unittest.mock import patch as mocked
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.record import environment

words = re.findall(r'\w+', re.sub(r'\(R\)|Processor', '', environment()['hardware']['cpu']))
file = Path(__file__).resolve().parent.parent/'data/results/busy'/f"{'-'.join(words)}.json"

@contextmanager
def busy(processes):
    "So many processes that keep a core busy each"
    others = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(processes)]
    try: yield
    finally:
        for o in others: o.kill()

@contextmanager
def threads(n):
    "torch computes with `n` threads"
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try: yield
    finally: torch.set_num_threads(before)

def seconds(dls, shared):
    "Of a fit that leaves cores to other work, or does not"
    learn = entr_learner(dls, resnet18, pretrained=False)
    taken = {} if shared else dict(OMP_NUM_THREADS=str(torch.get_num_threads()))
    with learn.no_bar(), learn.no_logging(), mocked.dict(os.environ, taken):
        began = perf_counter()
        learn.progressive_fit(4, 'gradual', frozen_epochs=1, freeze_to=1) # as from pretrained weights
        return perf_counter()-began

def main():
    if file.exists() and '--again' not in sys.argv: return print(file.name, 'is there')
    if 'OMP_NUM_THREADS' in os.environ: return print('OMP_NUM_THREADS is set: unset it.')
    warnings.filterwarnings('ignore')
    dls = image_dls(samples('steel'), 96, bs=16)
    most = torch.get_num_threads()
    # busy processes, threads, and whether cores are left to other work
    kinds = [(0,most,False), (0,most,True), (0,1,False), (1,most,True), (1,most,False)]
    seconds(dls, True) # warms up
    rows = []
    for i in range(5):
        for others,n,shared in kinds[::-1 if i%2 else 1]:
            with busy(others), threads(n): took = seconds(dls, shared)
            rows.append(dict(round=i, others=others, threads=n, shared=shared, seconds=took))
            print(rows[-1], flush=True)
    write_whole(file, json.dumps(dict(environment(), fits=rows), indent=1)+'\n')

if __name__ == '__main__': main()
