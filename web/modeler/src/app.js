// The one script of every page. Each helper listens on the document, so that parts htmx brings later work too.
import "./htmx_config.js";
import "htmx.org";
import "./requests.js";
import "./confirm.js";
import "./copy.js";
import "./dialog.js";
import "./menu.js";
import "./pane.js";
import "./show_when.js";
import "./once.js";
import "./on_demand.js";
import "./print.js";
