enum MEXCPlaceholder {}
