"""What training on small images first does to a network, beside regularisers that take the same time

    ENTR_DATA=folder python benchmarks/regularisers.py [--sets ...] [--archs resnet18] [--rivals ...] [--seeds ...]

Writes the same as `contest.py`, to data/results/regularisers/, with `mechanism_numbers` of the trained network.
`nbs/paper/05_mechanism.ipynb` draws the records.
"""
from recipe import *
from entr_fastai.mechanism import mechanism_numbers

def full(n): return dict(sizes='fixed', epochs=n)

# for each regulariser what is given to image_dls, entr_learner and progressive_fit
regularisers = {
    'weight decay': ({}, {}, dict(wd=.3)),
    'label smoothing': ({}, dict(loss_func=LabelSmoothingCrossEntropyFlat()), {}),
    'stronger crops': (dict(min_scale=.25), {}, {}),
    'dropout in the head': ({}, dict(ps=.8), {}),
}
# small first, five epochs, takes about as long as four at full size
variants = {
    'small first': ({}, {}, {}),
    **{f'full size, {n} epochs':({}, {}, full(n)) for n in (3,4,5)},
    **{o:(dls_kw, learn_kw, merge(full(4), fit_kw)) for o,(dls_kw, learn_kw, fit_kw) in regularisers.items()},
    **{f'small first and {o}':kws for o,kws in regularisers.items()},
}

if __name__ == '__main__':
    asked(__doc__, changed(variants), results.with_name('regularisers'), range(5), also=mechanism_numbers)
