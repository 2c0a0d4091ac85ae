// The policy editor: CodeMirror in the place of a textarea. The page works with the textarea alone.
