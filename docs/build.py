"""Build the documentation: `python docs/build.py` writes docs/_build/html

Each notebook goes through nbdev's own processors, which render signatures and link names; what comes out is written as
Quarto wants it, so `page` turns it into what myst-nb wants. Sphinx then builds the pages; a warning is an error.
"""
import os, re, shutil, sys
from base64 import b64decode
from importlib import import_module
from pathlib import Path
from fastcore.nbio import mk_cell, read_nb, write_nb
from nbdev.config import nbpath2html
from nbdev.frontmatter import FrontmatterProc
from nbdev.processors import FilterDefaults, insert_warning
from links import branch, cfg, lib, pages, relink, root

out = root/'docs/_build'
code_url = f"{cfg['git_url']}/blob/{branch}"

class Processors(FilterDefaults):
    "nbdev's, less the two that write for Quarto"
    def base_procs(self): return [o for o in super().base_procs() if o not in (FrontmatterProc, insert_warning)]

def docname(path):
    "The page of the notebook at `path`, below nbs/: its name without the number"
    return nbpath2html(path.relative_to(root/'nbs')).with_suffix('').as_posix()

def api(md, level):
    "What `show_doc` rendered, as MyST: a target, a heading below `level`, its source, the signature"
    src = re.search(r'\[source\]\((.*?)\)', md)
    md = re.sub(r'^---\n+|\[source\].*\n+', '', md).replace('__main__.', '')
    md = re.sub(r'^def (?=[A-Z])', 'class ', md, flags=re.M)
    head = lambda m: (f'(api-{m[1].lower()})=\n{"#" * min(level + 1, 4)} {m[1]}\n\n'
                      + (f'<a class="api-source" href="{code_url}{src[1].partition("blob/" + branch)[2]}">source</a>\n' if src else ''))
    return re.sub(r'^#+ (\S+)\n', head, md, count=1, flags=re.M)

def markdown(md, path, shown):
    "Markdown as MyST: links to pages and names of this project, no Pandoc attributes, callouts"
    def name(m):
        page,anchor = m[1],m[2]
        return f'](#api-{anchor})' if anchor in shown else f'](/{page})'
    def link(p): return f'/{docname(root/p)}' if p.endswith('.ipynb') else f'{code_url}/{p}'
    md = relink(md, path.parent, link)
    md = re.sub(r'\]\(/?([\w/]+)\.html#([\w.]+)\)', name, md)
    md = re.sub(r'(?<=[)\]])\{[^}\n]*\}|(?<=[^\n])[ ]+\{[#.][^}\n]*\}$', '', md, flags=re.M)
    return re.sub(r'^:::\s*\{\.callout-(\w+)[^}]*\}', r':::{\1}', md, flags=re.M)

def page(path):
    "The cells of the notebook at `path` for myst-nb, and the names documented there"
    nb,names,level = read_nb(path),[],1
    Processors()(nb)
    for i,c in enumerate(nb.cells):
        dirs = dict(re.findall(r'^#\| *([\w-]+):? *(.*)$', c.source, flags=re.M)) if c.cell_type == 'code' else {}
        if c.source.split('\n')[-1].startswith('show_doc('):
            md = ''.join(''.join(o.get('data', {}).get('text/markdown', '')) for o in c.outputs)
            nb.cells[i] = mk_cell(api(md, level), 'markdown')
            names += re.findall(r'^\(api-(\S+)\)=', nb.cells[i].source, flags=re.M)
        elif c.cell_type == 'code':
            c.source = re.sub(r'^#\|.*\n?', '', c.source, flags=re.M)
            c.metadata = dict(tags=[f'remove-{a}' for a,b in (('input', 'echo'), ('output', 'output')) if dirs.get(b) == 'false'])
            c.outputs = [o for o in c.outputs if ''.join(o.get('text', '-')).strip()] # a progress bar leaves an empty line
            if pngs := [o['data']['image/png'] for o in c.outputs if 'image/png' in o.get('data', {})]:
                width = int.from_bytes(b64decode(''.join(pngs[0])[:32])[16:20]) // 2 # saved at twice the size, for sharp screens
                c.metadata['mystnb'] = dict(image=dict(alt=dirs.get('fig-alt', 'figure'), width=f'{width}px'))
        else: level = ([level] + [len(o) for o in re.findall(r'^(#+) ', c.source, flags=re.M)])[-1]
    nb.cells = [c for c in nb.cells if c.source.strip()]
    nb.metadata = dict(kernelspec=dict(name='python3', display_name='python3', language='python'), language_info=dict(name='python', pygments_lexer='ipython3'))
    return nb,names

def missing(nbs):
    "Public names that no page documents or speaks of"
    for path,nb in nbs.items():
        if not (m := re.search(r'#\| *default_exp (\w+)', path.read_text(encoding='utf-8'))): continue
        text = '\n'.join(c.source for c in nb.cells if c.cell_type == 'markdown')
        for o in import_module(f'{lib}.{m[1]}').__all__:
            if f'`{o}`' not in text and f'(api-{o.lower()})=' not in text: yield f'{path.name}: {o}'

def toctree(caption, entries):
    return '\n'.join(['```{toctree}', ':hidden:', f':caption: {caption}', '', *entries, '```', ''])

def title(path, nb):
    "The one H1 of a notebook"
    heads = [o for c in nb.cells if c.cell_type == 'markdown' for o in re.findall(r'^# (.+)', re.sub(r'(?ms)^```.*?^```', '', c.source), flags=re.M)]
    if len(heads) != 1 or heads[0].startswith('#'): sys.exit(f'{path.name} needs one H1 heading, its title, but has {heads}')
    return heads[0]

def nav(nbs):
    "The table of contents: rooms in the order of the design, then tutorials, promises and the paper as they are numbered"
    rooms = [p for p in nbs if p.parent.name == 'nbs' and p.stem != 'index']
    titles = {p: title(p, nb) for p,nb in nbs.items()}
    groups = {f: [docname(p) for p in nbs if p.parent.name == f] for f in ('tutorials', 'promises', 'paper')}
    return mk_cell('\n'.join([
        toctree('Getting started', ['Start here <self>', *groups['tutorials'][:1]]),
        *([toctree('Tutorials', groups['tutorials'])] if groups['tutorials'][1:] else []),
        toctree('API', [f'{docname(p)}: {titles[p]} <{docname(p)}>' for p in rooms]),
        *([toctree(o.title(), groups[o]) for o in ('promises', 'paper') if groups[o]]),
        toctree('Project', ['contributing', 'changelog'])]), 'markdown')

def main():
    os.chdir(root)
    os.environ['IN_TEST'] = '1' # as nbdev sets it while it processes
    shutil.rmtree(out, ignore_errors=True)
    done = {p: page(p) for p in pages()}
    nbs,shown = {p: nb for p,(nb,_) in done.items()},{n for _,names in done.values() for n in names}
    if lost := list(missing(nbs)): sys.exit('No page documents ' + ', '.join(lost))
    nbs[root/'nbs/index.ipynb'].cells.append(nav(nbs))
    for path,nb in nbs.items():
        for c in nb.cells:
            if c.cell_type == 'markdown': c.source = markdown(c.source, path, shown)
        dest = out/'src'/f'{docname(path)}.ipynb'
        dest.parent.mkdir(parents=True, exist_ok=True)
        write_nb(nb, dest)
    for o in ('CONTRIBUTING.md', 'CHANGELOG.md'):
        (out/'src'/o.lower()).write_text(markdown((root/o).read_text(encoding='utf-8'), root/o, shown), encoding='utf-8')
    from sphinx.cmd.build import main as sphinx
    sys.exit(sphinx(['-W', '--keep-going', '-q', '-b', 'html', '-c', str(root/'docs'), '-d', str(out/'doctrees'), str(out/'src'), str(out/'html')]))

if __name__ == '__main__': main()
