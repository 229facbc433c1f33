"""What networks learn from this library's loader and from fastai's own, everything else the same, image by image

    ENTR_DATA=folder python benchmarks/same_accuracy.py [--sets ...] [--archs resnet18] [--rivals ...] [--seeds ...]

Writes the same as `contest.py`, to data/results/same_accuracy/. `nbs/paper/02_loading.ipynb` draws the records.
"""
from contest import *

def fastais_loader(df, arch):
    "The default on fastai's loader, with the augmentations of `image_dls`"
    light = aug_transforms(do_flip=False, max_rotate=0., max_zoom=1., max_warp=0.)
    block = DataBlock((ImageBlock,CategoryBlock), get_y=dict(zip(df.file, df.label)).get,
                      splitter=IndexSplitter(np.flatnonzero(df.valid)),
                      item_tfms=[RandomResizedCrop(size, min_scale=.6, val_xtra=0.), FlipItem()],
                      batch_tfms=[*light, Normalize.from_stats(*imagenet_stats)])
    learn = entr_learner(block.dataloaders(list(df.file), bs=bs), arch)
    return learn, lambda: learn.progressive_fit(epochs)

if __name__ == '__main__': asked(__doc__, dict(ours=ours, fastai=fastais_loader), results.with_name('same_accuracy'), range(5))
