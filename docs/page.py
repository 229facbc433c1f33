"""One notebook as a page for myst-nb

The notebook goes through nbdev's own processors, which render signatures and link names. What comes out is written as
Quarto wants it; here it becomes what myst-nb wants.
"""
import re, sys
from base64 import b64decode
from importlib import import_module
from fastcore.nbio import mk_cell, read_nb
from nbdev.config import nbpath2html
from nbdev.frontmatter import FrontmatterProc
from nbdev.processors import FilterDefaults, insert_warning
from links import addresses, branch, lib, local, relink, root, user

texts = 'CONTRIBUTING.md','CHANGELOG.md' # pages, too
code_url = f'{addresses(user)[0]}/blob/{branch}/' if user else ''

class Processors(FilterDefaults):
    "nbdev's, less the two that write for Quarto"
    def base_procs(self): return [o for o in super().base_procs() if o not in (FrontmatterProc, insert_warning)]

def docname(path):
    "The page of the notebook at `path`, below nbs/: its name without the number"
    return nbpath2html(path.relative_to(root/'nbs')).with_suffix('').as_posix()

def documented(cell):
    "The name that `cell` documents with `show_doc`, or None"
    m = re.match(r'show_doc\(([\w.]+)', cell.source.split('\n')[-1])
    return m[1] if m and cell.cell_type == 'code' else None

def signature(cell):
    "What `show_doc` rendered in `cell`, as MyST: a link to the source, the signature, the docstring"
    md = ''.join(o.data['text/markdown'] for o in cell.outputs).replace('__main__.', '')
    src = re.search(rf'\[source\]\(\S*?/blob/{branch}/([^)]*)\)', md)
    link = f'<a class="api-source" href="{code_url}{src[1]}">source</a>\n\n' if user and src else ''
    md = re.sub(r'\A---\n+(\[source\].*\n+)?#+ .+\n+', '', md)
    md = re.sub(r'^def (?=[A-Z])', 'class ', md, flags=re.M)
    return link + re.sub(r'^def \w+', f'def {documented(cell)}', md, count=1, flags=re.M)

def label(name):
    "The place of `name`, whose spelling counts: `Look` and `look` are two"
    return 'api-' + re.sub('([A-Z])', r'-\1', name).lower()

def target(name): return f'({label(name)})=\n'

def headed(name, sig, level, title=None):
    "The signature of `name` below a heading of its own, which stands below one of `level`"
    return f'{target(name)}{"#" * min(level + 1, 4)} {title or name}\n\n{sig}'

def lift(md, sigs, methods):
    "`md`, with what `sigs` has for a name below the heading that is it; one of `methods` goes by its last part, too"
    def called(word): return [o for o in sigs if o == word or o in methods and o.endswith(f'.{word}')][:1]
    def below(m):
        words = re.findall(r'`([\w.]+)`', m[2])
        found = {o: sigs.pop(o) for word in words for o in called(word)}
        if len(words) > 1: return '\n\n'.join([m[0], *(headed(o, sig, len(m[1])) for o,sig in found.items())])
        return ''.join(map(target, found)) + '\n\n'.join([m[0], *found.values()])
    return re.sub(r'^(#+) (`[\w.]+`(?:, `[\w.]+`)*)$', below, md, flags=re.M)

def place(cells, sigs, methods):
    "Move each of `sigs` below the heading that is its name, or else give it one where `show_doc` stands"
    level = 1
    for c in cells:
        if c.cell_type == 'markdown': c.source = lift(unlinked(c.source), sigs, methods)
    for i,c in enumerate(cells):
        name = documented(c)
        if c.cell_type == 'markdown': level = [level, *map(len, re.findall(r'^(#+) ', c.source, flags=re.M))][-1]
        elif name in sigs:
            title = f'{name} as a function' if any(o.endswith(f'.{name}') for o in methods) else name
            cells[i] = mk_cell(headed(name, sigs[name], level, title), 'markdown')
        elif name: c.source = ''

def unlinked(md):
    "`md` with headings that are no links to themselves"
    return re.sub(r'^#+ .*', lambda m: re.sub(r'\[(`[^`]+`)\]\([^)]*\)', r'\1', m[0]), md, flags=re.M)

def images(cell):
    "The kinds and the bytes, in base 64, of the images that `cell` shows"
    shown = [o for out in cell.outputs for o in out.get('data', {}).items()]
    return [(kind, ''.join(data)) for kind,data in shown if kind.startswith('image/')]

def show(cell):
    "Tell myst-nb in its own words what the directives of the code in `cell` say"
    dirs = dict(re.findall(r'^#\| *([\w-]+):? *(.*)$', cell.source, flags=re.M))
    hidden = [f'remove-{part}' for part,said in (('input','echo'), ('output','output')) if dirs.get(said) == 'false']
    cell.source = re.sub(r'^#\|.*\n?', '', cell.source, flags=re.M)
    # a progress bar leaves an empty line
    cell.outputs = [o for o in cell.outputs if ''.join(o.get('text', '-')).strip()]
    cell.metadata = dict(tags=hidden)
    if not images(cell): return
    image,(kind,data) = dict(alt=dirs.get('fig-alt', '')),images(cell)[0]
    if kind == 'image/png': # a figure: saved at twice its size, for sharp screens
        image['width'] = f'{int.from_bytes(b64decode(data[:32])[16:20]) // 2}px'
    cell.metadata['mystnb'] = dict(image=image)

def heading(path, nb):
    "The title and the sentence with which the notebook at `path` begins"
    text = '\n\n'.join(c.source for c in nb.cells if c.cell_type == 'markdown')
    titles = re.findall(r'^# (.+)', re.sub(r'(?ms)^```.*?^```', '', text), flags=re.M)
    m = re.match(r'# (.+)\n\n> (.+)', text)
    if len(titles) != 1 or not m:
        must = 'must begin with its one title, `# …`, and a sentence, `> …`'
        sys.exit(f'{local(path)} {must}; its titles are {titles}')
    return m.groups()

class Page:
    "The notebook at `path`: `nb` for myst-nb, its `module`, documented `names`, `methods` added to fastai's classes"
    def __init__(self, path):
        self.path,self.name,self.nb = path,docname(path),read_nb(path)
        exports = next((o for c in self.nb.cells if (o := c.directives.get('default_exp'))), None)
        self.module = exports and import_module(f'{lib}.{exports}')
        Processors()(self.nb)
        sigs = {name: signature(c) for c in self.nb.cells if (name := documented(c))}
        self.names = list(sigs)
        self.methods = [o for o in sigs if '.' in o and not self.owner(o).__module__.startswith(lib)]
        place(self.nb.cells, sigs, self.methods)
        for c in self.nb.cells:
            if c.cell_type == 'code': show(c)
        self.nb.cells = [c for c in self.nb.cells if c.source.strip()]
        self.nb.metadata = dict(kernelspec=dict(name='python3', display_name='python3', language='python'),
                                language_info=dict(name='python', pygments_lexer='ipython3'))
        self.title,self.about = heading(path, self.nb)

    def owner(self, name): return getattr(self.module, name.split('.')[0])

def markdown(md, path, shown):
    "Markdown as MyST: links to pages, and to names by what `shown` says of them; no Pandoc attributes; callouts"
    def name(m): return f'](#{shown[m[2]]})' if m[2] in shown else f'](/{m[1]})'
    def link(p):
        if p.endswith('.ipynb'): return f'/{docname(root/p)}'
        return f'/{p[:-3].lower()}' if p in texts else f'file:{p}'
    md = relink(md, path.parent, link)
    md = re.sub(r'\[([^][]+)\]\(file:([^)]*)\)', rf'[\1]({code_url}\2)' if user else r'\1', md)
    md = re.sub(r'\]\(/?([\w/]+)\.html#([\w.]+)\)', name, md)
    md = re.sub(r'(?<=[)\]])\{[^}\n]*\}|(?<=[^\n])[ ]+\{[#.][^}\n]*\}$', '', md, flags=re.M)
    return re.sub(r'^:::\s*\{\.callout-(\w+)[^}]*\}', r':::{\1}', md, flags=re.M)
