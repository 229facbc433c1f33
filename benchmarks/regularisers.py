"""What training on small images first does to a network, beside more steps and beside regularisers in the same time

    ENTR_DATA=folder python benchmarks/regularisers.py [--sets ...] [--archs resnet18] [--rivals ...] [--seeds ...]

Writes the same as `contest.py`, to data/results/regularisers/, with `mechanism_numbers` of the trained network.
`nbs/paper/05_mechanism.ipynb` draws the records.
"""
from recipe import *
from entr_fastai.mechanism import mechanism_numbers
from entr_fastai.study import PartOfEpochs

def full(n): return dict(sizes='fixed', epochs=n)

# for each regulariser what is given to image_dls, entr_learner and progressive_fit
regularisers = {
    'weight decay': ({}, {}, dict(wd=.3)),
    'label smoothing': ({}, dict(loss_func=LabelSmoothingCrossEntropyFlat()), {}),
    'stronger crops': (dict(min_scale=.25), {}, {}),
    'dropout in the head': ({}, dict(ps=.8), {}),
}
variants = {
    # what `entr_study` fills the time of four epochs at full size with; as many steps as five have
    'small first': ({}, {}, dict(sizes='64x3,128x3', epochs=None, cbs=PartOfEpochs(.8))),
    **{f'full size, {n} epochs':({}, {}, full(n)) for n in (4,5,3)},
    **{o:(dls_kw, learn_kw, merge(full(4), fit_kw)) for o,(dls_kw, learn_kw, fit_kw) in regularisers.items()},
}

if __name__ == '__main__':
    asked(__doc__, changed(variants), results.with_name('regularisers'), range(5), also=mechanism_numbers)
