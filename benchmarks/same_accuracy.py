"""What networks learn from this library's loader and from fastai's own, everything else the same, image by image

    ENTR_DATA=folder python benchmarks/same_accuracy.py [--sets ...] [--archs resnet18] [--rivals ...] [--seeds ...]

Writes the same as `contest.py`, to data/results/same_accuracy/. `nbs/paper/02_loading.ipynb` draws the records.
"""
from contest import *

def fastais_loader(df, arch):
    "The default on fastai's loader, with the augmentations of `image_dls`"
    crops = [RandomResizedCrop(size, min_scale=.6, val_xtra=0.), FlipItem()]
    light = aug_transforms(do_flip=False, max_rotate=0., max_zoom=1., max_warp=0.)
    learn = entr_learner(fastai_dls(df, crops, light), arch)
    return learn, lambda: learn.progressive_fit(epochs)

loaders = dict(ours=ours, fastai=fastais_loader)

if __name__ == '__main__': asked(__doc__, loaders, results.with_name('same_accuracy'), range(5))
