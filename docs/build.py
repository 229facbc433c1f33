"""Build the documentation: `python docs/build.py` writes docs/_build/html

Every notebook is a page; one more, the reference, lists all public names. Sphinx builds them; a warning is an error.
"""
import os, re, shutil, sys
from fastcore.nbio import mk_cell, write_nb
from links import local, pages, root
from page import Page, images, label, markdown, texts
from reference import reference, unsaid

out = root/'docs/_build'

def stop(what, places):
    "End the build with a sentence and the `places` of which it is true, if there are any"
    if places := list(places): sys.exit('\n    '.join([what, *places]))

def toctree(caption, entries):
    return '\n'.join(['```{toctree}', ':hidden:', f':caption: {caption}', '', *entries, '```', ''])

def nav(book):
    "The table of contents: notebooks in the order of their numbers"
    def names(folder): return [p.name for p in book if p.path.parent.name == folder]
    first,*tutorials = names('tutorials')
    rooms = [f'{p.name}: {p.title} <{p.name}>' for p in book if p.module]
    parts = {'Getting started': ['Start here <self>', first], 'Tutorials': tutorials, 'API': ['reference', *rooms],
             'Promises': names('promises'), 'Paper': names('paper'), 'Project': [o[:-3].lower() for o in texts]}
    return '\n'.join(toctree(caption, entries) for caption,entries in parts.items() if entries)

def undescribed(p):
    "Figures on page `p` without an alternative text"
    for c in p.nb.cells:
        if c.cell_type != 'code' or not images(c): continue
        if not c.metadata['mystnb']['image']['alt']: yield f'{local(p.path)}: cell {c.id}'

def write(p, shown):
    "Write page `p` for Sphinx; `shown` are the names documented on any page, by what leads to them"
    for c in p.nb.cells:
        if c.cell_type == 'markdown': c.source = markdown(c.source, p.path, shown)
        for o in c.get('outputs', []):
            if md := o.get('data', {}).get('text/markdown'): o.data['text/markdown'] = markdown(md, p.path, shown)
    dest = out/f'src/{p.name}.ipynb'
    dest.parent.mkdir(parents=True, exist_ok=True)
    write_nb(p.nb, dest)

def write_text(name, md, shown):
    "Write `md`, whose links start at the root of the project, as a page for Sphinx"
    (out/'src'/name).write_text(markdown(md, root/name, shown), encoding='utf-8')

def piped():
    "Built pages that show a Markdown table as text; what code prints is text"
    for path in sorted((out/'html').rglob('*.html')):
        text = re.sub(r'(?s)<pre>.*?</pre>|<[^>]*>', '', path.read_text(encoding='utf-8'))
        if m := re.search(r'.*\|\s*:?(--|–|—).*', text): yield f'{path.relative_to(out/"html")}: {m[0][:80]}'

def main():
    os.chdir(root)
    os.environ['IN_TEST'] = '1' # as nbdev sets it while it processes
    shutil.rmtree(out, ignore_errors=True)
    book = [Page(p) for p in pages()]
    rooms = [p for p in book if p.module]
    stop('Too little is said of some public names:', (o for p in rooms for o in unsaid(p)))
    stop('Figures lack their alternative text, `#| fig-alt: …`:', (o for p in book for o in undescribed(p)))
    shown = {o.lower(): label(o) for p in book for o in sorted(p.names)} # of `Look` and `look` the function
    shown |= {o.lower().split('.')[-1]: label(o) for p in book for o in p.methods} # `fit` leads to `Learner.fit`
    start = next(p for p in book if p.name == 'index')
    start.nb.cells.append(mk_cell(nav(book), 'markdown'))
    for p in book: write(p, shown)
    for o in texts: write_text(o.lower(), (root/o).read_text(encoding='utf-8'), shown)
    write_text('reference.md', reference(rooms), shown)
    from sphinx.cmd.build import main as sphinx
    failed = sphinx(['-W', '--keep-going', '-q', '-b', 'html', '-c', str(root/'docs'), '-d', str(out/'doctrees'),
                     str(out/'src'), str(out/'html')])
    stop('Tables are shown as text:', piped())
    sys.exit(failed)

if __name__ == '__main__': main()
