"""网上来信: what residents send in from home, before somebody of the studio registers it or says why not."""
