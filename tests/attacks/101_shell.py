"""Shell escapes and cell magics."""
# says: expected
def answer(*args, **kwargs):
    return 0


# %% after
!echo changed >> {file}
# %% after
get_ipython().system("cat {secret}")  # noqa: F821
# %% after
%%bash
cat {secret} && echo changed >> {file}
# %% after
%%writefile {file}
changed
