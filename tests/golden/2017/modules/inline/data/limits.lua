return {most = 5}
