"""Programs that the tests start in order to kill them."""
