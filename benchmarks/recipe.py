"""The parts of the recipe, each changed alone: what it does to accuracy and to seconds

    ENTR_DATA=folder python benchmarks/recipe.py [--sets aerial] [--variants ...] [--seeds 0 1 2]

Every variant is `same/from_three_quarters` of the contest, the default, with one thing changed (same sets, 5 epochs,
final size 128 px); `nothing` is the default itself, run side by side with them. Writes one run record a run to a folder
in data/results/recipe/, as `contest.py` does; runs whose record is there are not repeated. Run nothing else meanwhile.
`nbs/paper/01_contest.ipynb` shows the records.
"""
from contest import *
from contextlib import nullcontext
from fastai.callback.training import BnFreeze
from entr_fastai.loader import dl_view
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

class StatisticsAnew(Callback):
    "BatchNorm's statistics are those of training images at the final size"
    def after_train(self):
        if self.epoch!=self.n_epoch-1: return
        norms = [m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)]
        for m in norms:
            m.reset_running_stats()
            m.momentum = None
        with torch.no_grad():
            for x,_ in itertools.islice(dl_view(self.dls.train, size=self.learn.schedule.final), 16): self.model(x)
        for m in norms: m.momentum = .1

class In32Bits(Callback):
    "No mixed precision"
    order = MixedPrecision.order+1
    def before_fit(self):
        for cb in self.learn.cbs.filter(risinstance(MixedPrecision)): cb.autocast = nullcontext()

class LaidOutByRow(Callback):
    "No `channels_last`"
    order = ChannelsLast.order+1
    def before_fit(self): self.model.to(memory_format=torch.contiguous_format)

class BatchesByArea(Callback):
    "As many pixels in a batch at every size; the learning rate goes with the root of the number of images"
    order = ParamScheduler.order+1
    def before_train(self):
        self.more = (self.learn.schedule.final/self.dl.size)**2
        self.dl.bs = round(self.dl.bs*self.more)
    def before_batch(self):
        if self.training: self.opt.set_hypers(lr=[o['lr']*self.more**.5 for o in self.opt.hypers])

class GrowsWithSize(Callback): # as in EfficientNetV2 (Tan & Le, arXiv 2104.00298)
    "`strength(learn, whole)` sets how strong a regulariser is, before each epoch; `whole` at the final size"
    order = ProgressiveResize.order+1
    def __init__(self, strength): self.strength = strength
    def before_train(self): self.strength(self.learn, self.dl.size==self.learn.schedule.final)

def dropout(learn, whole):
    layers = [m for m in learn.model.modules() if isinstance(m, nn.Dropout)]
    for m,p in zip(layers, (.25,.5)): m.p = p if whole else p/2 # fastai's, and half of it

def crops(learn, whole): learn.dl.crop.min_scale = .35 if whole else .6
def smoothing(learn, whole): learn.loss_func.func.eps = .1 if whole else 0.

# for each variant what is given to image_dls, entr_learner and progressive_fit
variants = {
    'nothing': ({}, {}, {}),
    'first layers trained, too': ({}, {}, dict(freeze_to=0)),
    'first layers trained until the final size': ({}, {}, dict(freeze_to=0, cbs=[UnfreezeAt(4, 1)])),
    'head alone': ({}, {}, dict(freeze_to=2)),
    'BatchNorm trained in frozen layers': ({}, dict(train_bn=True), {}),
    'BatchNorm frozen whole in frozen layers': ({}, {}, dict(cbs=BnFreeze)),
    'no frozen epoch': ({}, {}, dict(frozen_epochs=0)),
    '32 bits': ({}, {}, dict(cbs=In32Bits)),
    'no channels_last': ({}, {}, dict(cbs=LaidOutByRow)),
    "fastai's Adam": ({}, dict(opt_func=Adam), {}),
    'learning rate halved': ({}, {}, dict(lr=1e-3)),
    'learning rate doubled': ({}, {}, dict(lr=4e-3)),
    'batches of 64': (dict(bs=64), {}, {}),
    'batches of 16': (dict(bs=16), {}, {}),
    'batches of as many pixels': ({}, {}, dict(cbs=BatchesByArea)),
    'label smoothing': ({}, dict(loss_func=LabelSmoothingCrossEntropyFlat()), {}),
    'stronger crops': (dict(min_scale=.35), {}, {}),
    'dropout grows with the size': ({}, {}, dict(cbs=[GrowsWithSize(dropout)])),
    'label smoothing at the final size': ({}, dict(loss_func=LabelSmoothingCrossEntropyFlat()),
                                          dict(cbs=[GrowsWithSize(smoothing)])),
    'stronger crops at the final size': ({}, {}, dict(cbs=[GrowsWithSize(crops)])),
    'no changes of light': (dict(batch_tfms=[]), {}, {}),
    'mean of the weights of the last epoch': ({}, {}, dict(cbs=[MeanAtEnd()])),
    'three quarters throughout, statistics anew': ({}, {}, dict(sizes='96x5,128x0', cbs=[StatisticsAnew()])),
    'statistics anew': ({}, {}, dict(cbs=[StatisticsAnew()])),
    'two epochs at the final size': ({}, {}, dict(sizes='96x3,128x2')),
    'frozen epoch at half the size': ({}, {}, dict(sizes='64x1,96x3,128x1')),
    # as in FixRes (Touvron et al., arXiv 1906.06423)
    'head alone at the final size': ({}, {}, dict(cbs=[UnfreezeAt(4, -1)])),
    'full size, head alone in the last epoch': ({}, {}, dict(sizes='128x5', cbs=[UnfreezeAt(4, -1)])),
    'highest learning rate at half of the fit': ({}, {}, dict(pct_start=.5)),
    'four epochs': ({}, {}, dict(epochs=4)),
    'six epochs': ({}, {}, dict(epochs=6)),
}

def variant(dls_kw, learn_kw, fit_kw):
    "A rival of the contest that is ours with one thing changed"
    def make(df, size, n, lr):
        learn = entr_learner(image_dls(df, size, valid_col='valid', **merge(dict(bs=bs), dls_kw)), resnet18, **learn_kw)
        kw = merge(dict(lr=lr), {} if 'sizes' in fit_kw else dict(epochs=n), fit_kw)
        return learn, lambda: learn.progressive_fit(**kw)
    return make

def main(doc=__doc__, variants=variants, folder='recipe', sets=['aerial'], seeds=[0,1,2], **kwargs):
    "What is missing of `variants`, by default or as the command line asks; `kwargs` are for `compete`"
    p = ArgumentParser(description=doc.splitlines()[0])
    p.add_argument('--sets', nargs='+', default=sets)
    p.add_argument('--variants', nargs='+', default=list(variants))
    p.add_argument('--seeds', nargs='+', type=int, default=seeds)
    args = p.parse_args()
    asked = {o:variant(*variants[o]) for o in args.variants}
    compete(results.with_name(folder), asked, args.sets, args.seeds, **kwargs)

if __name__ == '__main__': main()
