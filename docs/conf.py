"Sphinx settings; docs/build.py makes the pages and runs Sphinx"
import sys
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here))
from links import cfg, user

project,author = cfg['title'],cfg['author']
project_copyright = author
extensions = ['myst_nb']
html_theme,html_title = 'furo',project
html_theme_options = dict(top_of_page_buttons=[], navigation_with_keys=True)
if user: html_baseurl = cfg['doc_url'] + '/'
html_static_path,html_css_files = [str(here/'static')],['custom.css']
html_search_scorer = str(here/'static/scorer.js')
html_copy_source = html_show_sourcelink = html_use_index = False
html_show_copyright = html_show_sphinx = False
nb_execution_mode = 'off' # pages show the outputs saved in the notebooks
nb_merge_streams,nb_output_stderr = True,'remove'
nb_render_markdown_format = 'myst' # the other formats know no tables
myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 4
