"""Does training on small images first act as a regulariser? It and explicit regularisers in about the same time, and what each did to the network

    ENTR_DATA=folder python benchmarks/regularisers.py [--sets steel] [--seeds 0 1 2 3 4]

`small first` is the default of `progressive_fit`, five epochs, which takes about the time of four at the final size of 128 px.
Every regulariser is four epochs at the final size with one thing changed; four epochs without a change are five that were
stopped early. The records hold the numbers of `mechanism_report`, too. Writes one record a run to data/results/regularisers/;
runs whose record is there are not repeated. Run nothing else meanwhile. `nbs/paper/05_mechanism.ipynb` draws the records.
"""
from recipe import *
from entr_fastai.mechanism import mechanism_numbers

def full(n): return dict(sizes=f'{size}x{n}')

# for each variant what is given to image_dls, entr_learner and progressive_fit
variants = {
    'small first': ({}, {}, {}),
    'full size, 5 epochs': ({}, {}, full(5)),
    'full size, 4 epochs': ({}, {}, full(4)),
    'full size, 3 epochs': ({}, {}, full(3)),
    'weight decay': ({}, {}, dict(wd=.3, **full(4))),
    'label smoothing': ({}, dict(loss_func=LabelSmoothingCrossEntropyFlat()), full(4)),
    'stronger crops': (dict(min_scale=.25), {}, full(4)),
    'dropout in the head': ({}, dict(ps=.8), full(4)),
}

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--sets', nargs='+', default=['steel'])
    p.add_argument('--seeds', nargs='+', type=int, default=range(5))
    args = p.parse_args()
    compete(results.with_name('regularisers'), {k:variant(*o) for k,o in variants.items()}, args.sets, args.seeds, also=mechanism_numbers)

if __name__ == '__main__': main()
