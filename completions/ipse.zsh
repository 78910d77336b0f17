#compdef ipse

_ipse_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _IPSE_COMPLETE=complete_zsh ipse)
}

if [[ $funcstack[1] == _ipse ]]; then
  _ipse_completion "$@"
else
  compdef _ipse_completion ipse
fi
