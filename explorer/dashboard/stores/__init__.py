"""The page /slice: landscapes of any model, as they lie in their stores, running or finished."""
