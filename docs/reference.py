"The page that lists every public name, by room, with the first sentence of its docstring"
import inspect, re
from functools import reduce
from importlib import import_module
from links import lib, local
from page import label

def public(p):
    "What the room on page `p` gives: its names, and before them the methods that it adds to fastai's classes"
    return p.methods + p.module.__all__

def sentence(module, name):
    "The first sentence of the docstring of `name`; of a value, which has none, the comment on the line that makes it"
    o = reduce(getattr, name.split('.'), module)
    doc = o.__doc__ or ''
    if doc == type(o).__doc__:
        m = re.search(rf'^{name} = .*?# *(.+)', inspect.getsource(module), flags=re.M)
        doc = m[1] if m else ''
    if doc.startswith(f'{name}('): doc = '' # what a dataclass says of itself
    first = re.split(r'(?<=[.!?])\s+(?=[A-Z`])|\n\s*\n', doc.strip())[0]
    return ' '.join(first.split()).rstrip('.')

def unsaid(p):
    "Public names of the room on page `p` of which the page or the docstring says nothing"
    text = '\n'.join(c.source for c in p.nb.cells if c.cell_type == 'markdown')
    for o in public(p):
        if o not in p.names and f'`{o}`' not in text: yield f'{local(p.path)}: the page does not speak of {o}'
        if not sentence(p.module, o): yield f'{local(p.path)}: {o} has no docstring (a value: no comment in its line)'

def line(p, name, bold):
    "The line about `name` of the room on page `p`"
    link = f'[`{name}`]({f"#{label(name)}" if name in p.names else f"/{p.name}"})'
    return f'- {f"**{link}**" if bold else link}: {sentence(p.module, name)}'

def reference(rooms):
    "The page, from those of the `rooms`"
    door = set(getattr(import_module(lib), '__all__', []))
    example = next(f'from {p.module.__name__} import {o}' for p in rooms for o in p.module.__all__ if o not in door)
    lines = ['# Reference', '> Every public name, in a sentence',
             f'In **bold** is what `from {lib} import *` gives. All else is imported from its room: `{example}`.']
    for p in rooms:
        if door & set(p.module.__all__): door |= set(p.methods) # they come with the import, too
        names = sorted(public(p), key=lambda o: o not in door)
        lines += [f'## [{p.name}: {p.title}](/{p.name})', p.about, '\n'.join(line(p, o, o in door) for o in names)]
    return '\n\n'.join(lines) + '\n'
