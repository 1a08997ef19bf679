"""办法条文: every sentence of the measures beside the steps, the code and the tests that carry it out (P10)."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from engine import access, measures
from engine.access import Verb
from web.policy import policy
from web.session import actor

blueprint = Blueprint("articles", __name__, url_prefix="/articles")


@blueprint.get("")
@policy(Verb.ARTICLES_READ)
def index() -> ResponseReturnValue:
    """All articles, or with ?open=1 only the sentences nothing carries out yet."""
    found, only_open = measures.articles(g.session, actor()), "open" in request.args
    every = [sentence for article in found for sentence in article.sentences]
    counts = (len(every), sum(sentence.covered for sentence in every))
    key = measures.KEY if access.may(actor(), Verb.DEFINITION_READ) else ""  # who may not open it gets the name only
    return render_template("articles/index.html", articles=found, only_open=only_open, counts=counts, key=key)
