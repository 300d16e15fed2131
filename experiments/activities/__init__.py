"""Things to do on the page, each checking itself: `ACTIVITIES`, in the order of the lesson."""

from experiments.activities.compare_surfaces import COMPARE_SURFACES
from experiments.activities.descend_valleys import DESCEND_VALLEYS
from experiments.activities.drag_outlier import DRAG_OUTLIER
from experiments.activities.find_minimum import FIND_MINIMUM
from experiments.activities.hidden_surface import HIDDEN_SURFACE
from experiments.activities.isolated_minima import ISOLATED_MINIMA
from experiments.activities.long_valleys import LONG_VALLEYS
from experiments.activities.match_loss import MATCH_LOSS
from experiments.activities.measuring import HIDDEN
from experiments.activities.predict_arrow import PREDICT_ARROW
from experiments.activities.question_kinks import QUESTION_KINKS
from experiments.activities.question_minimum import QUESTION_MINIMUM
from experiments.activities.question_outliers import QUESTION_OUTLIERS
from explorer.study import Activity

ACTIVITIES: tuple[Activity, ...] = (
    FIND_MINIMUM,
    PREDICT_ARROW,
    COMPARE_SURFACES,
    HIDDEN_SURFACE,
    *LONG_VALLEYS,
    *DESCEND_VALLEYS,
    *ISOLATED_MINIMA,
    *MATCH_LOSS,
    DRAG_OUTLIER,
    QUESTION_MINIMUM,
    QUESTION_KINKS,
    QUESTION_OUTLIERS,
)

__all__ = ["ACTIVITIES", "HIDDEN"]
