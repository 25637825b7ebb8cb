"""Forms authored as XLSForm: reading one (:func:`read_form`) and what it is then (:class:`Form`)."""

from forms.xlsform.columns import LANGUAGE
from forms.xlsform.lists import lists_beside
from forms.xlsform.model import (
    CAPTURE_TYPES,
    QUESTION_TYPES,
    SIGNATURE,
    SILENT_TYPES,
    VIETNAMESE,
    Check,
    Choice,
    Fault,
    Form,
    FormError,
    Item,
    Repeat,
    dependencies,
)
from forms.xlsform.reader import APPEARANCES, MAX_CHOICE, MAX_HINT, MAX_LABEL, MAX_SECTION, PLACEHOLDER, placeholders, read_form

__all__ = [
    "APPEARANCES",
    "CAPTURE_TYPES",
    "LANGUAGE",
    "MAX_CHOICE",
    "MAX_HINT",
    "MAX_LABEL",
    "MAX_SECTION",
    "PLACEHOLDER",
    "QUESTION_TYPES",
    "SIGNATURE",
    "SILENT_TYPES",
    "VIETNAMESE",
    "Check",
    "Choice",
    "Fault",
    "Form",
    "FormError",
    "Item",
    "Repeat",
    "dependencies",
    "lists_beside",
    "placeholders",
    "read_form",
]
