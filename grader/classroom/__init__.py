"""nbgrader's books: everything that knows of classes, grades and nbgrader's commands.

    course.py      nbgrader's course directory, by its own configuration
    grade.py       grade a class
    register.py    an assignment's cells into nbgrader's database
    gradebook.py   verdicts into nbgrader's database
    kept.py        verdicts kept beside judged notebooks
    report.py      a judged notebook, for the formgrader and for feedback
    pages.py       notebooks as pages without active content; nbconvert/templates/
    plugin.py lenient.py   the judge inside `nbgrader autograde`
    answers.py     written answers, one question across all learners
    marking.py     ask a grader for their points, on a terminal
    story.py       all that is known of one learner
    classpage.py alike.py   a class on one page, and work that looks alike
    export.py      scores for Canvas and Moodle
    watch.py       host a study group
    peers.py reviews.py   written answers reviewed by peers
    board.py members.py naive.py   its board, who stands on it, and how slow the naive way is
    templates.py   the pages of the last ones and of the class; html/
"""
