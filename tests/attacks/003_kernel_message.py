"""An execute_result sent straight over the kernel's own socket."""
# says: stopped with AttributeError
def answer(*args, **kwargs):
    kernel = get_ipython().kernel  # noqa: F821
    content = {"data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent())
