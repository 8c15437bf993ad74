goto nowhere
return {}
