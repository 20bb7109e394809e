"""The verbs: every change that a person, a page or a webhook asks for goes through here."""
