"""The parts of the recipe, each changed alone: what it does to accuracy and to seconds

    ENTR_DATA=folder python benchmarks/recipe.py [--sets ...] [--archs resnet18] [--rivals ...] [--seeds 0 1 2 3 4]

Every variant is `ours` of the contest, the default, with one thing changed; `nothing` is the default itself, run side by
side with them. Writes the same as `contest.py`, to data/results/recipe/. Run nothing else meanwhile.
"""
from contest import *
from fastai.callback.mixup import MixUp
from entr_fastai.learner import UnfreezeAt

class MeanAtEnd(Callback):
    "The weights at the end are the mean over the batches of the last epoch"
    def after_batch(self):
        if not self.training or self.epoch!=self.n_epoch-1: return
        if self.iter==0: self.mean = torch.optim.swa_utils.AveragedModel(self.model)
        self.mean.update_parameters(self.model)
    def after_train(self):
        if self.epoch==self.n_epoch-1:
            for p,m in zip(self.model.parameters(), self.mean.module.parameters()): p.data.copy_(m)

# for each variant what is given to image_dls, entr_learner and progressive_fit
variants = {
    'nothing': ({}, {}, {}),
    'first layers trained, too': ({}, {}, dict(freeze_to=0)),
    'BatchNorm trained in frozen layers': ({}, dict(train_bn=True), {}),
    'no frozen epoch': ({}, {}, dict(frozen_epochs=0)),
    'learning rate halved': ({}, {}, dict(lr=1e-3)),
    'learning rate doubled': ({}, {}, dict(lr=4e-3)),
    'batches of 16': (dict(bs=16), {}, {}),
    'no changes of light': (dict(batch_tfms=[]), {}, {}),
    'stronger crops': (dict(min_scale=.35), {}, {}),
    'mixup': ({}, {}, dict(cbs=MixUp)),
    'mean of the weights of the last epoch': ({}, {}, dict(cbs=MeanAtEnd)),
    # as in FixRes (Touvron et al., arXiv 1906.06423)
    'head alone at the final size': ({}, {}, dict(cbs=[UnfreezeAt(4, -1)])),
}

def changed(variants):
    "Rivals that are ours with one thing changed"
    return {name:partial(ours, dls_kw=d, learn_kw=l, fit_kw=f) for name,(d,l,f) in variants.items()}

if __name__ == '__main__': asked(__doc__, changed(variants), results.with_name('recipe'), range(5))
