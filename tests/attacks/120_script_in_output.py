"""JavaScript in the output of a cell, for whoever opens the feedback."""
# says: expected
def answer(*args, **kwargs):
    return 0


# %% after
from IPython.display import HTML, Javascript, display
display(HTML("<script>document.title='owned'</script><img src=x onerror=alert(1)>"))
display(Javascript("document.title='owned'"))
print("<script>document.title='owned'</script>")
