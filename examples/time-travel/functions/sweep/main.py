def main(context):
    if context.req.headers["x-appwrite-trigger"] != "schedule":
        return context.res.text("Only the schedule sweeps.", 403)
    context.log("swept")
    return context.res.empty()
